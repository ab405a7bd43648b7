import { AkvError } from '../../lib/errors/akv-error.ts'
import type { ObjectReader } from './object-reader.ts'
import { isOutageCode } from './outage-codes.ts'
import { type ReaderRequest, wrapReader } from './wrap-reader.ts'

/** A reader for one refresh, and what it found out about the vaults. */
export interface RefreshReader {
  readonly reader: ObjectReader
  /** Whether the vault has answered a request, even if it refused it. */
  isServed(vault: string): boolean
}

interface VaultProbe {
  /** How many more objects may find out whether the vault is down. */
  probesLeft: number
  isServed: boolean
  lastError: AkvError | undefined
  /** The end of the requests before this one. */
  turn: Promise<void>
}

/**
 * Returns a reader for one refresh, in which time doesn't matter. The first request to each vault goes alone. If the vault
 * doesn't serve it, the vault gets no other requests in this refresh. So during an outage, each pod costs the vault one
 * failed request per interval.
 *
 * An object can fail alone. So a vault that served something in the last refresh is down only if it serves neither of
 * two objects.
 *
 * @param options - `wasDown`: whether a vault served nothing in the last refresh
 */
export function askOneFirst(
  reader: ObjectReader,
  { wasDown }: { readonly wasDown: (vault: string) => boolean },
): RefreshReader {
  const probes = new Map<string, VaultProbe>()
  const probeOf = (vault: string): VaultProbe => {
    const probe = probes.get(vault) ?? {
      probesLeft: wasDown(vault) ? 1 : 2,
      isServed: false,
      lastError: undefined,
      turn: Promise.resolve(),
    }
    probes.set(vault, probe)
    return probe
  }
  return {
    isServed: (vault) => probes.get(vault)?.isServed === true,
    reader: wrapReader(reader, async (request, send) => {
      const probe = probeOf(request.vault)
      const endTurn = await takeTurn(probe)
      try {
        if (probe.isServed) endTurn()
        else if (probe.probesLeft === 0 && probe.lastError !== undefined)
          throw skipped(request, probe.lastError)
        return await watch(probe, send)
      } finally {
        endTurn()
      }
    }),
  }
}

const skipped = ({ vault, title }: ReaderRequest, { code, retryAfterMs }: AkvError): AkvError =>
  new AkvError(code, `${title}: not requested, because vault ${vault} served no other object`, {
    retryAfterMs,
  })

/** Waits for the requests before. Returns how to let the next one follow. */
async function takeTurn(probe: VaultProbe): Promise<() => void> {
  const before = probe.turn
  const { promise, resolve } = Promise.withResolvers<void>()
  probe.turn = promise
  await before
  return resolve
}

/** Sends the request, and records whether the vault served it. */
async function watch<T>(probe: VaultProbe, request: () => Promise<T>): Promise<T> {
  try {
    const answer = await request()
    probe.isServed = true
    return answer
  } catch (error) {
    if (!(error instanceof AkvError) || !isOutageCode(error.code)) probe.isServed = true
    else if (!probe.isServed) recordOutage(probe, error)
    throw error
  }
}

function recordOutage(probe: VaultProbe, error: AkvError): void {
  // A pause concerns the whole vault, so a second object would get the same answer.
  const isWhole = error.code === 'AKV_THROTTLED' || (error.retryAfterMs ?? 0) > 0
  probe.probesLeft = isWhole ? 0 : probe.probesLeft - 1
  probe.lastError = error
}
