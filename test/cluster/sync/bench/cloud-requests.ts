import { vaults } from './fleet.ts'

interface Seen {
  readonly path: string
  readonly status: number
  readonly atMs: number
}

/** The requests to the emulator since the last call. */
export interface CloudRequests {
  readonly vaultRequests: number
  /** The highest number of requests to one vault within any second. */
  readonly mostPerVaultAndSecond: number
  readonly signIns: number
}

const lookMs = 2_000

/** Polls the emulator's request log often enough to miss nothing. The emulator keeps the last ten thousand requests. */
export function followRequests(controlUrl: string) {
  let seen: Seen[] = []
  let lastMs = 0
  async function look(): Promise<void> {
    // Requests that arrive while the emulator answers are left to the next poll.
    const untilMs = Date.now()
    const answer = await fetch(`${controlUrl}/requests`)
    const { requests } = (await answer.json()) as { requests: readonly Seen[] }
    seen = seen.concat(requests.filter(({ atMs }) => atMs >= lastMs && atMs < untilMs))
    lastMs = untilMs
  }
  let looking = Promise.resolve()
  const lookInTurn = () => {
    looking = looking.then(look).catch(() => undefined)
    return looking
  }
  const timer = setInterval(lookInTurn, lookMs)
  return {
    async take(): Promise<CloudRequests> {
      await lookInTurn()
      const found = seen
      seen = []
      const ofVault = (vault: string) => found.filter(({ path }) => path.startsWith(`/${vault}/`))
      return {
        vaultRequests: vaults.reduce((sum, vault) => sum + ofVault(vault).length, 0),
        mostPerVaultAndSecond: Math.max(
          ...vaults.map((vault) => mostInASecond(ofVault(vault).map(({ atMs }) => atMs))),
        ),
        signIns: found.filter(({ path }) => path.endsWith('/oauth2/v2.0/token')).length,
      }
    },
    close: () => clearInterval(timer),
  }
}

/** Uses a sliding window over sorted times. */
function mostInASecond(timesMs: readonly number[]): number {
  let first = 0
  let most = 0
  for (const [last, timeMs] of timesMs.entries()) {
    while ((timesMs[first] ?? timeMs) <= timeMs - 1000) first += 1
    most = Math.max(most, last - first + 1)
  }
  return most
}
