import type { AkvError, AkvErrorCode, AzureIds } from '../../../lib/errors/akv-error.ts'
import type { LogLevel } from '../../../lib/log/log-level.ts'
import { nothingReported, type Reported, type ReportedCode } from '../../account/reported.ts'
import type { AccountEvent } from '../../cluster/cluster-port.ts'
import { type Failure, failureSubject } from '../result/failure.ts'
import type { RoundResult } from '../result/round-result.ts'

/** What a report needs to know of a round. */
export type ReportedRound = Pick<RoundResult, 'changes' | 'failures' | 'isFinished'>

/** A report about a round, before it is written. */
export interface RoundReport {
  /** The codes that failures have, for the metrics. */
  readonly codes: Iterable<AkvErrorCode>
  readonly items: readonly ReportItem[]
  /** The failures that still last, as earlier reports have them. */
  readonly lasting: Reported
  readonly nowMs: number
}

/** An Event, and what the log says about it. */
export interface ReportItem {
  readonly lines: readonly ReportLine[]
  readonly event: Pick<AccountEvent, 'type' | 'reason' | 'message'>
  /** The failures that the Event is about. None for a success. */
  readonly failures: readonly Failure[]
}

interface ReportLine {
  readonly level: LogLevel
  readonly message: string
  readonly code?: AkvErrorCode
  readonly azureIds?: AzureIds
}

/** When to retry an Event that could not be written. */
const retryMs = 5 * 60_000
const firstIntervalMs = 3600_000
const longestIntervalMs = 6 * 3600_000

/** Bounds of an Event. The log has everything. */
const maxSentences = 5
const maxSentencesLength = 700

/**
 * Decides what to say about a round. A failure is reported when it begins and not at each try; while it lasts, it is repeated
 * after one hour, then two, four, and then every six hours. A subject that alternates between errors reports each code once.
 * The end of all failures is reported too.
 *
 * @param before - `reported`: what earlier rounds have reported
 */
export function reportOf(
  round: ReportedRound,
  { reported, nowMs }: { readonly reported: Reported; readonly nowMs: number },
): RoundReport {
  const { changes, failures, isFinished } = round
  const isOver = isFinished && failures.length === 0
  const successes = [
    ...(changes.size > 0 ? [describeChanges(changes)] : []),
    ...(isOver && hasWritten(reported) ? ['everything is in sync again'] : []),
  ]
  return {
    codes: new Set(failures.map(({ error }) => error.code)),
    items: [
      ...successes.map((message) => ({
        lines: [{ level: 'info', message } as const],
        event: syncedEvent(message),
        failures: [],
      })),
      ...failureItems(failures, { reported, nowMs }),
    ],
    // A round that was stopped hasn't tried everything, so it can't tell which failures are over.
    lasting: isFinished || failures.length > 0 ? lastingOf(round, reported) : reported,
    nowMs,
  }
}

export const syncedEvent = (message: string): ReportItem['event'] => ({
  type: 'Normal',
  reason: 'Synced',
  message,
})

/** The failures that are new or due again, those of one code in one Event. */
function failureItems(
  failures: readonly Failure[],
  { reported, nowMs }: Parameters<typeof reportOf>[1],
): readonly ReportItem[] {
  const codeOf = (failure: Failure) =>
    reported.get(failureSubject(failure))?.get(failure.error.code)
  const isNews = (failure: Failure) => (codeOf(failure)?.againAtMs ?? 0) <= nowMs
  const due = failures.filter((failure) => isNews(failure) || !codeOf(failure)?.isWritten)
  return [...Map.groupBy(due, ({ error }) => error.code).values()].map((failures) => ({
    lines: distinct(failures.filter(isNews)).flatMap(linesOf),
    event: { type: 'Warning', reason: 'SyncFailed', message: describeFailures(failures) },
    failures,
  }))
}

const linesOf = ({ code, message, detail, azureIds }: AkvError): readonly ReportLine[] => [
  { level: 'warn', message, code, ...(azureIds && { azureIds }) },
  ...(detail === undefined ? [] : [{ level: 'debug', message: detail, code } as const]),
]

/** Adds a written report to what earlier ones have reported. An Event that could not be written is due again in the next round. */
export function reportedAfter(
  { lasting, nowMs }: RoundReport,
  written: readonly { readonly item: ReportItem; readonly isWritten: boolean }[],
): Reported {
  const after = new Map([...lasting].map(([subject, codes]) => [subject, new Map(codes)]))
  for (const { item, isWritten } of written)
    for (const failure of item.failures) {
      const codes = after.get(failureSubject(failure))
      const { code } = failure.error
      codes?.set(code, reportedNow(codes.get(code), { isWritten, nowMs }))
    }
  return after.size === 0 ? nothingReported : after
}

/** What failed in this round. While the API server fails, we can't know whether earlier failures are over. */
function lastingOf({ failures }: ReportedRound, reported: Reported): Reported {
  const isBlind = failures.some(({ error }) => error.code.startsWith('AKV_CLUSTER_'))
  const subjects = [...(isBlind ? reported.keys() : []), ...failures.map(failureSubject)]
  return new Map(subjects.map((subject) => [subject, reported.get(subject) ?? new Map()]))
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
