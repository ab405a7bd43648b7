import type { Clock } from '../../lib/clock.ts'
import { type AkvError, type AkvErrorCode, toAkvError } from '../../lib/errors/akv-error.ts'
import type { Log } from '../../lib/log.ts'
import type { AccountEvent, SyncCluster } from '../cluster/cluster-port.ts'
import type { EventBudget } from '../cluster/event-budget.ts'
import type { SyncMetrics } from '../metrics.ts'
import type { Account } from '../request/account.ts'
import type { Failure, Round } from './reconcile.ts'

export interface ReportOptions {
  readonly cluster: Pick<SyncCluster, 'createEvent'>
  /** Of the account's own. */
  readonly log: Log
  readonly metrics: Pick<SyncMetrics, 'countFailure'>
  readonly events: EventBudget
  readonly clock: Pick<Clock, 'now'>
}

/** What has been told of an account's failures, as long as they last: of each subject, the codes. */
export type Reported = ReadonlyMap<string, ReadonlyMap<AkvErrorCode, ReportedCode>>

interface ReportedCode {
  /** False: the Event is still to be written. */
  readonly isThere: boolean
  /** When it is to be told again if it lasts until then: the API server keeps an Event for an hour. */
  readonly againAtMs: number
  readonly intervalMs: number
}

export const nothingReported: Reported = new Map()

/** When an Event that could not be written is tried again. */
const retryMs = 5 * 60_000
const firstIntervalMs = 3600_000
const longestIntervalMs = 6 * 3600_000

/** What is left out of an Event is in the log. */
const mostSentences = 5
const maxSentencesLength = 700

/**
 * Tells of a round: to the log, and as Events to who looks at the account. A failure is told when it begins, not at each
 * try, and again after an hour, two, four, and then every six hours while it lasts. A subject that alternates between
 * errors reports each code once. The end of all failures is told, too.
 *
 * @returns what has been told then. What could not be told is to be told the next time.
 */
export async function reportRound(
  round: Pick<Round, 'changes' | 'failures' | 'isFinished'>,
  {
    account,
    reported,
    ...options
  }: ReportOptions & { readonly account: Account; readonly reported: Reported },
): Promise<Reported> {
  const { metrics, clock } = options
  const nowMs = clock.now()
  for (const code of new Set(round.failures.map(({ error }) => error.code)))
    metrics.countFailure(account, code)
  const report = (event: Omit<AccountEvent, 'account'>) =>
    writeEvent({ ...event, account }, options)
  const reportGood = async (message: string) => {
    options.log.info(message)
    await report({ type: 'Normal', reason: 'Synced', message })
  }

  if (round.changes.size > 0) await reportGood(describeChanges(round.changes))
  const now = new Map(
    [
      ...(isBlind(round) ? reported.keys() : []),
      ...round.failures.map(({ subject }) => subject),
    ].map((subject) => [subject, new Map(reported.get(subject))]),
  )
  const codeOf = ({ subject, error }: Failure) => now.get(subject)?.get(error.code)
  const isNews = (failure: Failure) => (codeOf(failure)?.againAtMs ?? 0) <= nowMs
  const due = round.failures.filter((failure) => isNews(failure) || !codeOf(failure)?.isThere)
  for (const [code, failures] of Map.groupBy(due, ({ error }) => error.code)) {
    for (const { message } of distinct(failures.filter(isNews))) options.log.warn(message, { code })
    const message = describeTroubles(failures)
    const isThere = await report({ type: 'Warning', reason: 'SyncFailed', message })
    for (const { subject } of failures) {
      const codes = now.get(subject)
      codes?.set(code, reportedNow(codes.get(code), { isThere, nowMs }))
    }
  }
  const wasReported = [...reported.values()].some((codes) =>
    [...codes.values()].some(({ isThere }) => isThere),
  )
  const isOver = round.isFinished && round.failures.length === 0
  if (wasReported && isOver) await reportGood('everything is in sync again')
  // A round that was stopped has not seen everything.
  return round.isFinished || round.failures.length > 0 ? now : reported
}

function reportedNow(
  before: ReportedCode | undefined,
  { isThere, nowMs }: { readonly isThere: boolean; readonly nowMs: number },
): ReportedCode {
  // Only the Event was missing.
  if (before !== undefined && before.againAtMs > nowMs) return { ...before, isThere }
  const intervalMs =
    before === undefined ? firstIntervalMs : Math.min(2 * before.intervalMs, longestIntervalMs)
  return { isThere, intervalMs, againAtMs: nowMs + intervalMs }
}

/** When the first of what has been told is to be told again, or for the first time if its Event isn't there yet. */
export function nextReportAfterMs(reported: Reported, nowMs: number): number {
  const all = [...reported.values()].flatMap((codes) => [...codes.values()])
  const times = all.map(({ isThere, againAtMs }) => (isThere ? againAtMs - nowMs : retryMs))
  return Math.max(0, Math.min(...times))
}

/** Where the API server fails, nobody knows whether what was told before is over. */
const isBlind = ({ failures }: Pick<Round, 'failures'>): boolean =>
  failures.some(({ error: { code } }) => code.startsWith('AKV_CLUSTER_'))

/** Whether the Event is there. */
async function writeEvent(
  event: AccountEvent,
  { cluster, log, events }: ReportOptions,
): Promise<boolean> {
  if (!events.take(event.account)) {
    log.debug('no Event: the account has had many of late')
    return false
  }
  try {
    await cluster.createEvent(event)
    return true
  } catch (thrown) {
    const error = toAkvError(thrown)
    log.debug(`no Event: ${error.message}`, { code: error.code })
    return false
  }
}

/** `created Secrets a, b; updated Secret c` */
function describeChanges(changes: Round['changes']): string {
  const groups = Map.groupBy([...changes], ([, change]) => change)
  return [...groups]
    .map(([change, entries]) => {
      const names = entries.map(([name]) => name)
      return `${change} Secret${names.length === 1 ? '' : 's'} ${names.join(', ')}`
    })
    .join('; ')
}

/** `AKV_CODE: what happened; and what else. What to do.` */
function describeTroubles(failures: readonly Failure[]): string {
  const errors = distinct(failures)
  const [first] = errors
  const more = errors.length - mostSentences
  const reported = errors
    .slice(0, mostSentences)
    .map(({ message }) => message)
    .join('; ')
  const shortened =
    reported.length > maxSentencesLength ? `${reported.slice(0, maxSentencesLength)}…` : reported
  return withRemedy(`${shortened}${more > 0 ? `; and ${more} more` : ''}`, first)
}

/** One of each sentence. */
const distinct = (failures: readonly Failure[]): readonly AkvError[] => [
  ...new Map(failures.map(({ error }) => [error.message, error])).values(),
]

const withRemedy = (sentences: string, error: AkvError | undefined): string =>
  error === undefined ? sentences : `${error.code}: ${sentences}. ${error.facts.remedy}`
