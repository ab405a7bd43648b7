import type { Clock } from '../../lib/clock.ts'
import { httpDateMs } from './http-date.ts'

/** Times in milliseconds since 1970, by different clocks. */
export interface KnownTimes {
  /** By our own clock. */
  readonly wallMs: number
  /** By the clock of Entra or the vault that answered last. */
  readonly serverMs?: number
  readonly token?: TokenTimes
}

/** When the service account token is valid, by the clock of the API server that issued it. */
export interface TokenTimes {
  readonly issuedAtMs?: number
  readonly expiresAtMs?: number
}

/** Remembers what time it is for Entra and the vaults, so that a message can say that our own clock is wrong. */
export type ServerTime = ReturnType<typeof createServerTime>

export function createServerTime(clock: Pick<Clock, 'now' | 'wallTime'>) {
  let last: { readonly serverMs: number; readonly atMs: number } | undefined
  return {
    /** Takes the `Date` of an answer over a verified connection. */
    record(date: string | undefined): void {
      const serverMs = httpDateMs(date)
      if (serverMs !== undefined) last = { serverMs, atMs: clock.now() }
    },
    /** Our own time, and the time of the server that answered last, as it is now. */
    times: (): KnownTimes => ({
      wallMs: clock.wallTime(),
      ...(last && { serverMs: last.serverMs + (clock.now() - last.atMs) }),
    }),
  }
}
