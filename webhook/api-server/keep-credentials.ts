import type { ApiAccess, ApiCredentials } from './api-access.ts'

interface KeptCredentials {
  /** @throws {@link noCredentials} if they can't be read */
  get(): Promise<ApiCredentials>
  /**
   * Reads them again, because the API server didn't accept `refused`, or we didn't accept its certificate.
   *
   * @returns `refused` itself if they haven't changed
   * @throws {@link noCredentials} if they can't be read
   */
  renew(refused: ApiCredentials): Promise<ApiCredentials>
}

export const noCredentials: Error = new Error(
  "the webhook has no token for the API server (see csi in the chart's values)",
)

/**
 * Keeps the token and the certificates of the API server for a few seconds, because each look-up needs them. The kubelet renews
 * them in place, long before they expire.
 */
export function keepCredentials(
  read: ApiAccess['readCredentials'],
  elapsedMs: () => number,
): KeptCredentials {
  let kept: Promise<ApiCredentials> | undefined
  let readAtMs = 0

  function readAgain(): Promise<ApiCredentials> {
    const reading = read().catch(() => {
      // The next look-up tries again.
      if (kept === reading) kept = undefined
      throw noCredentials
    })
    kept = reading
    readAtMs = elapsedMs()
    return reading
  }

  return {
    get: () => (kept !== undefined && elapsedMs() - readAtMs < keptMs ? kept : readAgain()),
    async renew(refused) {
      // Many look-ups may be refused at once. The first one reads, and the others find what it has read.
      const current = await kept
      if (current !== undefined && !isSame(current, refused)) return current
      const read = await readAgain()
      return isSame(read, refused) ? refused : read
    },
  }
}

const isSame = (a: ApiCredentials, b: ApiCredentials): boolean =>
  a.token === b.token && a.ca === b.ca

const keptMs = 10_000
