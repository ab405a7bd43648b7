import type { Clock } from '../../../lib/clock.ts'
import { type AkvError, toAkvError } from '../../../lib/errors/akv-error.ts'
import type { Log } from '../../../lib/log/log.ts'
import type { Account } from '../../../requests/account/account.ts'
import { nothingReported, type Reported, type ReportedCode } from '../../account/reported.ts'
import type { AccountEvent, SyncCluster } from '../../cluster/cluster-port.ts'
import type { EventBudget } from '../../cluster/event-budget.ts'
import type { SyncMetrics } from '../../metrics/metrics.ts'
import { type Failure, subjectOf } from '../result/failure.ts'
import type { RoundResult } from '../result/round-result.ts'

export interface ReportOptions {
  readonly account: Account
  /** The source that the Events are about. Absent: they are about the account. */
  readonly source?: AccountEvent['source']
  /** What earlier rounds have reported. */
  readonly reported: Reported
  readonly cluster: Pick<SyncCluster, 'createEvent'>
  /** Names the account in each line. */
  readonly log: Log
  readonly metrics: Pick<SyncMetrics, 'countFailure'>
  readonly events: EventBudget
  readonly clock: Pick<Clock, 'now'>
}

/** What a report needs to know of a round. */
export type ReportedRound = Pick<RoundResult, 'changes' | 'failures' | 'isFinished'>

/** When to retry an Event that could not be written. */
const retryMs = 5 * 60_000
const firstIntervalMs = 3600_000
const longestIntervalMs = 6 * 3600_000

/** Bounds of an Event. The log has everything. */
const maxSentences = 5
const maxSentencesLength = 700

/**
 * Reports a round to the log, to the metrics, and as Events on the account. A failure is reported when it begins and not
 * at each try; while it lasts, it is repeated after one hour, then two, four, and then every six hours. A subject that
 * alternates between errors reports each code once. The end of all failures is reported too.
 *
 * @returns what has been reported by then. What could not be written is due again in the next round.
 */
export async function reportRound(round: ReportedRound, options: ReportOptions): Promise<Reported> {
  const { account, reported, metrics } = options
  for (const code of new Set(round.failures.map(({ error }) => error.code)))
    metrics.countFailure(account, code)
  if (round.changes.size > 0) await reportSuccess(describeChanges(round.changes), options)
  const lasting = await reportFailures(round, options)
  const isOver = round.isFinished && round.failures.length === 0
  if (isOver && hasWritten(reported)) await reportSuccess('everything is in sync again', options)
  // A round that was stopped hasn't tried everything, so it can't tell which failures are over.
  return round.isFinished || round.failures.length > 0 ? lasting : reported
}

async function reportSuccess(message: string, options: ReportOptions): Promise<void> {
  options.log.info(message)
  await writeEvent({ type: 'Normal', reason: 'Synced', message }, options)
}

/** Reports the failures that are new or due again, those of one code in one Event. */
async function reportFailures(round: ReportedRound, options: ReportOptions): Promise<Reported> {
  const { reported, log, clock } = options
  const nowMs = clock.now()
  const lasting = new Map(
    lastingSubjects(round, reported).map((subject) => [subject, new Map(reported.get(subject))]),
  )
  const codeOf = (failure: Failure) => lasting.get(subjectOf(failure))?.get(failure.error.code)
  const isNews = (failure: Failure) => (codeOf(failure)?.againAtMs ?? 0) <= nowMs
  const due = round.failures.filter((failure) => isNews(failure) || !codeOf(failure)?.isWritten)
  for (const [code, failures] of Map.groupBy(due, ({ error }) => error.code)) {
    for (const { message, detail } of distinct(failures.filter(isNews))) {
      log.warn(message, { code })
      if (detail !== undefined) log.debug(detail, { code })
    }
    const message = describeFailures(failures)
    const isWritten = await writeEvent({ type: 'Warning', reason: 'SyncFailed', message }, options)
    for (const failure of failures) {
      const codes = lasting.get(subjectOf(failure))
      codes?.set(code, reportedNow(codes.get(code), { isWritten, nowMs }))
    }
  }
  return lasting.size === 0 ? nothingReported : lasting
}

/** What failed in this round. While the API server fails, we can't know whether earlier failures are over. */
function lastingSubjects({ failures }: ReportedRound, reported: Reported): readonly string[] {
  const isBlind = failures.some(({ error }) => error.code.startsWith('AKV_CLUSTER_'))
  return [...(isBlind ? reported.keys() : []), ...failures.map(subjectOf)]
}

const hasWritten = (reported: Reported): boolean =>
  [...reported.values()].some((codes) => [...codes.values()].some(({ isWritten }) => isWritten))

function reportedNow(
  before: ReportedCode | undefined,
  { isWritten, nowMs }: { readonly isWritten: boolean; readonly nowMs: number },
): ReportedCode {
  // Not due again yet: only the Event was missing.
  if (before !== undefined && before.againAtMs > nowMs) return { ...before, isWritten }
  const intervalMs =
    before === undefined ? firstIntervalMs : Math.min(2 * before.intervalMs, longestIntervalMs)
  return { isWritten, intervalMs, againAtMs: nowMs + intervalMs }
}

/** After how many milliseconds the next failure has to be reported again, or its missing Event retried. */
export function nextReportAfterMs(reported: Reported, nowMs: number): number {
  const all = [...reported.values()].flatMap((codes) => [...codes.values()])
  const times = all.map(({ isWritten, againAtMs }) => (isWritten ? againAtMs - nowMs : retryMs))
  return Math.max(0, Math.min(...times))
}

/** @returns whether the Event was written */
export async function writeEvent(
  event: Omit<AccountEvent, 'account' | 'source'>,
  { account, source, cluster, log, events }: Omit<ReportOptions, 'reported'>,
): Promise<boolean> {
  if (!events.take(account)) {
    log.debug('no Event written: the account has had too many recently')
    return false
  }
  try {
    await cluster.createEvent({ ...event, account, ...(source && { source }) })
    return true
  } catch (thrown) {
    const error = toAkvError(thrown)
    log.debug(`no Event written: ${error.message}`, { code: error.code })
    return false
  }
}

/** `created Secrets a, b; updated Secret c` */
function describeChanges(changes: RoundResult['changes']): string {
  const groups = Map.groupBy([...changes], ([, change]) => change)
  return [...groups]
    .map(([change, entries]) => {
      const names = entries.map(([name]) => name)
      return `${change} Secret${names.length === 1 ? '' : 's'} ${names.join(', ')}`
    })
    .join('; ')
}

/** `AKV_CODE: first message; second message. Remedy.` */
export function describeFailures(failures: readonly Failure[]): string {
  const errors = distinct(failures)
  const [first] = errors
  const more = errors.length - maxSentences
  const sentences = errors
    .slice(0, maxSentences)
    .map(({ message }) => message)
    .join('; ')
  const bounded =
    sentences.length > maxSentencesLength ? `${sentences.slice(0, maxSentencesLength)}…` : sentences
  return withRemedy(`${bounded}${more > 0 ? `; and ${more} more` : ''}`, first)
}

/** One error for each message. */
const distinct = (failures: readonly Failure[]): readonly AkvError[] => [
  ...new Map(failures.map(({ error }) => [error.message, error])).values(),
]

const withRemedy = (sentences: string, error: AkvError | undefined): string =>
  error === undefined ? sentences : `${error.code}: ${sentences}. ${error.facts.remedy}`
