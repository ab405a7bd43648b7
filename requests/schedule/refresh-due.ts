import { areOpen, nextLookMs, type SyncWindows } from './sync-windows.ts'

export const refreshPolicies = ['Periodic', 'CreatedOnce', 'OnChange'] as const

/** When the values of an ExternalSecret are fetched. */
export interface RefreshSchedule {
  readonly policy: (typeof refreshPolicies)[number]
  /** 0: the Secret is made once, as with `CreatedOnce`. */
  readonly intervalSeconds: number
  /** Hold back only what is due because the interval has passed. */
  readonly windows?: SyncWindows
}

/** When the Secret was last made of fetched values. */
export interface LastRefresh {
  /** Milliseconds since 1970. May be any time: the status of an ExternalSecret says it. */
  readonly atMs: number
  /** Whether the ExternalSecret is as it was then. */
  readonly isCurrent: boolean
}

/**
 * `ours`: it belongs to the account, or nobody has looked; `other`: it exists and doesn't belong to the account; `deleted`: it is
 * missing because the deletion policy has deleted it.
 */
export type SecretState = 'ours' | 'other' | 'missing' | 'deleted'

/** Why values are fetched, or not. */
type DueReason =
  | 'no Secret'
  | 'never made'
  | 'changed'
  | 'not ours yet'
  | 'clock'
  | 'interval passed'
  | 'outside windows'
  | 'within interval'
  | 'made once'
  | 'unchanged'

export interface RefreshDecision {
  /** `adopt`: the Secret becomes ours with the values that it has. */
  readonly action: 'fetch' | 'adopt' | 'rest'
  readonly why: DueReason
  /** When to decide again, in milliseconds since 1970. Absent: when something changes. */
  readonly nextAtMs?: number
}

/** How often something is looked at that nobody reports, such as a Secret that somebody deletes. */
export const lookMs = 3_600_000

/**
 * Decides whether the values of an ExternalSecret are due, as the External Secrets Operator does (`shouldRefresh`,
 * `isSecretValid`), except that `CreatedOnce` and an interval of 0 never overwrite a Secret that exists.
 *
 * @param last - absent if it was never made, or isn't in sync
 */
export function refreshDue(
  schedule: RefreshSchedule,
  known: {
    readonly last: LastRefresh | undefined
    readonly secret: SecretState
    readonly nowMs: number
  },
): RefreshDecision {
  const { policy, intervalSeconds } = schedule
  const { last, secret } = known
  const fetch = (why: DueReason): RefreshDecision => ({ action: 'fetch', why })
  if (secret === 'missing') return fetch('no Secret')
  if (secret === 'deleted')
    return last?.isCurrent ? duePeriodic(untilItReturns(schedule), known) : fetch('changed')
  if (policy === 'CreatedOnce' || (policy === 'Periodic' && intervalSeconds === 0))
    return { action: secret === 'other' || last === undefined ? 'adopt' : 'rest', why: 'made once' }
  if (last === undefined) return fetch('never made')
  if (!last.isCurrent) return fetch('changed')
  if (secret === 'other') return fetch('not ours yet')
  return policy === 'OnChange' ? { action: 'rest', why: 'unchanged' } : duePeriodic(schedule, known)
}

/** What `Delete` has deleted returns with its objects, which nothing but a fetch can notice. */
const untilItReturns = ({
  policy,
  intervalSeconds,
  windows,
}: RefreshSchedule): RefreshSchedule => ({
  policy,
  intervalSeconds: intervalSeconds || lookMs / 1000,
  ...(policy === 'Periodic' && windows && { windows }),
})

function duePeriodic(
  { intervalSeconds, windows }: RefreshSchedule,
  { last, nowMs }: Pick<Parameters<typeof refreshDue>[1], 'last' | 'nowMs'>,
): RefreshDecision {
  const atMs = last?.atMs ?? Number.NaN
  // Somebody has set a clock, or written nonsense into the status.
  if (!(atMs <= nowMs)) return { action: 'fetch', why: 'clock' }
  const passesAtMs = atMs + intervalSeconds * 1000
  if (nowMs < passesAtMs) return { action: 'rest', why: 'within interval', nextAtMs: passesAtMs }
  if (windows && !areOpen(windows, nowMs))
    return { action: 'rest', why: 'outside windows', nextAtMs: nextLookMs(windows, nowMs) }
  return { action: 'fetch', why: 'interval passed' }
}
