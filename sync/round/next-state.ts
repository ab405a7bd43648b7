import { backoffMs } from '../../lib/backoff.ts'
import type { Clock } from '../../lib/clock.ts'
import type { SyncRequest } from '../../requests/account/account-request.ts'
import type { Access, AccountState } from '../account/account-state.ts'
import { boundValues } from '../fetch/bound-values.ts'
import type { OpenedRound, SyncRound } from './begin-round.ts'
import { roundTime, statusesAfter } from './report/secret-statuses.ts'
import type { RoundResult } from './result/round-result.ts'

export interface NextState {
  readonly state: AccountState
  /** After how many milliseconds the next round is due; undefined if not before the account changes. */
  readonly nextAfterMs: number | undefined
  /** Absent if the round hasn't read the account's Secrets. */
  readonly found?: RoundResult['found']
}

const firstBackOffMs = 5_000
const longestBackOffMs = 5 * 60_000

/** When the turns of Secrets with schedules of their own have to be decided again. */
const scheduledTimes = (secrets: AccountState['secrets']): readonly number[] =>
  [...secrets.values()].flatMap(({ scheduled }) => scheduled?.nextAtMs ?? [])

/** A failure is retried at least as often as the values are fetched. */
const intervalsMs = (request: SyncRequest): readonly number[] => [
  refreshMs(request),
  ...request.sources.flatMap(({ schedule }) =>
    schedule && schedule.intervalSeconds > 0 ? [schedule.intervalSeconds * 1000] : [],
  ),
]

const refreshMs = ({ config }: SyncRequest): number => config.refreshSeconds * 1000

/** One refresh interval from now, plus or minus a tenth. */
const nextRegularAtMs = (request: SyncRequest, clock: Clock): number =>
  clock.now() + refreshMs(request) * (0.9 + 0.2 * clock.random())

/**
 * The state that a round leaves for the next one. The caller adds what has been reported.
 *
 * @param options - `maxKeptBytes`: how much memory the values may take now
 */
export function stateAfter(
  { account, state, reading, isRegular }: SyncRound,
  options: {
    readonly result: RoundResult
    readonly maxKeptBytes: number
    readonly clock: Clock
  },
): AccountState {
  const { result, clock } = options
  const request = reading?.request
  const isDone = request !== undefined && isRegular
  const dueAtMs = isDone ? nextRegularAtMs(request, clock) : state.nextRegularAtMs
  return {
    ...state,
    failedRounds: result.isFinished ? 0 : state.failedRounds + 1,
    nextRegularAtMs: dueAtMs,
    // A retry only asks for what failed. Another writer may know newer values of the rest, and we must not undo these.
    isOutdated: reading ? result.isOutdated : state.isOutdated,
    access: reading && accessAfter(reading, options),
    secrets: statusesAfter(
      { secrets: state.secrets, published: account.status },
      { request, result, isRegular, nextRegularAtMs: dueAtMs, time: roundTime(clock) },
    ),
  }
}

/** The values may be used for as long as the token, and no longer. */
const accessAfter = (
  { request, access, session }: OpenedRound,
  { result, maxKeptBytes }: Pick<Parameters<typeof stateAfter>[1], 'result' | 'maxKeptBytes'>,
): Access => ({
  ...access,
  token: session.signIn.held?.(),
  values:
    result.values &&
    boundValues(result.values, { secrets: request.secrets, maxBytes: maxKeptBytes }),
})

/**
 * After how many milliseconds the next round is due: the next regular one, or before that a retry with back-off, after a
 * Retry-After. The retry may come before another vault's pause is over; that vault isn't asked until then.
 *
 * @returns undefined if nothing is due until the account changes
 */
export function nextRoundAfterMs(
  { failedRounds: failures, nextRegularAtMs, secrets }: AccountState,
  round: {
    readonly request: SyncRequest | undefined
    readonly result: RoundResult
    readonly clock: Clock
  },
): number | undefined {
  const { request, result, clock } = round
  const times = [nextRegularAtMs, ...scheduledTimes(secrets)]
  const regularMs = request && Math.max(0, Math.min(...times) - clock.now())
  const { waitMs = Number.POSITIVE_INFINITY } = result
  if (result.isFinished && result.waitMs === undefined) return regularMs
  if (result.isFinished) return Math.min(regularMs ?? Number.POSITIVE_INFINITY, waitMs)
  const longestMs = Math.min(longestBackOffMs, ...(request ? intervalsMs(request) : []))
  const retryAfterMs = Math.max(0, ...result.failures.map(({ error }) => error.retryAfterMs ?? 0))
  const retryMs = backoffMs({ firstMs: firstBackOffMs, longestMs, failures, jitter: 'full', clock })
  return Math.min(retryAfterMs + retryMs, regularMs ?? Number.POSITIVE_INFINITY, waitMs)
}
