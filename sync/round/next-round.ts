import { backoffMs } from '../../lib/backoff.ts'
import type { Clock } from '../../lib/clock.ts'
import type { SyncRequest } from '../../requests/account/account-request.ts'
import type { AccountState } from '../account/account-state.ts'
import type { RoundResult } from './result/round-result.ts'

const firstBackOffMs = 5_000
const longestBackOffMs = 5 * 60_000

const refreshMs = ({ config }: SyncRequest): number => config.refreshSeconds * 1000

/** When the next regular round is due: one refresh interval from now, plus or minus a tenth. */
export const nextRegularAtMs = (request: SyncRequest, clock: Clock): number =>
  clock.now() + refreshMs(request) * (0.9 + 0.2 * clock.random())

/**
 * After how many milliseconds the next round is due: the next regular one, or before that a retry with back-off, after a
 * Retry-After. The retry may come before another vault's pause is over; that vault isn't asked until then.
 *
 * @returns undefined if nothing is due until the account changes
 */
export function nextRoundAfterMs(
  { failedRounds: failures, nextRegularAtMs }: AccountState,
  round: {
    readonly request: SyncRequest | undefined
    readonly result: RoundResult
    readonly clock: Clock
  },
): number | undefined {
  const { request, result, clock } = round
  const regularMs = request && Math.max(0, nextRegularAtMs - clock.now())
  const { waitMs = Number.POSITIVE_INFINITY } = result
  if (result.isFinished && result.waitMs === undefined) return regularMs
  if (result.isFinished) return Math.min(regularMs ?? Number.POSITIVE_INFINITY, waitMs)
  const longestMs = Math.min(longestBackOffMs, request ? refreshMs(request) : longestBackOffMs)
  const retryAfterMs = Math.max(0, ...result.failures.map(({ error }) => error.retryAfterMs ?? 0))
  const retryMs = backoffMs({ firstMs: firstBackOffMs, longestMs, failures, jitter: 'full', clock })
  return Math.min(retryAfterMs + retryMs, regularMs ?? Number.POSITIVE_INFINITY, waitMs)
}
