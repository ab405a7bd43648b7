import { objectKey } from '../../../delivery/projection/wanted-objects.ts'
import type { Account } from '../../../requests/account/account.ts'
import type { SyncRequest } from '../../../requests/account/account-request.ts'
import type { SeenStatus } from '../../../requests/external-secret/seen-external-secret.ts'
import { type SourceRef, sourceKey } from '../../../requests/secret/source-ref.ts'
import type { Source } from '../../../requests/source/source.ts'
import { nothingReported, type ReportedSources } from '../../account/reported.ts'
import { notSynced, type Readiness, type ReadySecret, synced } from '../../status/ready-status.ts'
import type { Failure } from '../result/failure.ts'
import type { RoundResult } from '../result/round-result.ts'
import type { KnownSources } from '../settle/decide-sources.ts'
import { isSkipped } from '../settle/present-part.ts'
import {
  describeFailures,
  type ReportedRound,
  type ReportItem,
  type RoundReport,
  reportOf,
} from './report.ts'

/** A report about one source after a round of its account, before it is written. */
export interface SourceReport {
  readonly source: SourceRef & { readonly uid: string }
  /** Events only: the report of the account has everything, so the log and the metrics don't repeat it. */
  readonly report: RoundReport
  /** Absent if it isn't ours to keep, or stays as it is. */
  readonly status?: SourceStatus | undefined
}

interface SourceStatus {
  readonly before: SeenStatus
  readonly readiness: Readiness
  /** Of a source that is in sync. */
  readonly secret?: ReadySecret
  /** What its owner should know although it is in sync. Undefined if nothing. */
  readonly note?: string | undefined
}

export type SourcesResult = Pick<
  RoundResult,
  'changes' | 'failures' | 'isFinished' | 'synced' | 'turns' | 'nothingFound'
>

/**
 * Divides the result of a round among the sources of its account: each gets what concerns its own Secrets. Each report is
 * made when its turn comes, because statuses change while the others are written.
 */
export function* sourceReports(
  result: SourcesResult,
  options: {
    readonly account: Account
    readonly request: Pick<SyncRequest, 'sources' | 'mistakes'>
    readonly sources: KnownSources
    readonly reported: ReportedSources
    readonly nowMs: number
  },
): Generator<SourceReport> {
  const { account, request, sources, reported, nowMs } = options
  const failuresAt = Map.groupBy(result.failures, subjectOf)
  const accountFailures = failuresAt.get('account') ?? []
  for (const { source, accepted } of sourcesOf(request)) {
    if (isResting(accepted, result)) continue
    const key = sourceKey(source)
    const round = roundOf(key, { accepted, result, failuresAt })
    const { items, ...report } = reportOf(round, {
      reported: reported.get(key) ?? nothingReported,
      nowMs,
    })
    const before = sources.statusOf(source)
    const failures = [...round.failures, ...accountFailures]
    yield {
      source,
      report: { ...report, codes: [], items: items.map((item) => itemFor(item, account)) },
      status: before && statusAfter({ accepted, failures, result, account, before }),
    }
  }
}

/** Whether the round has done nothing for a source, so that there is nothing to report. */
export const isResting = (
  accepted: Source | undefined,
  { turns }: Pick<RoundResult, 'turns'>,
): boolean =>
  accepted !== undefined &&
  accepted.secrets.length > 0 &&
  accepted.secrets.every(({ name }) => turns.get(name)?.kind === 'rest')

/** The owner of a source finds its Secret below the account. */
const itemFor = ({ event, ...item }: ReportItem, { name }: Account): ReportItem => ({
  ...item,
  lines: [],
  event:
    item.failures.length > 0
      ? event
      : { ...event, message: `${event.message}; read as ServiceAccount ${name}` },
})

interface ReportedSource {
  readonly source: SourceRef & { readonly uid: string }
  /** Absent if it has a mistake. */
  readonly accepted?: Source | undefined
}

const sourcesOf = ({
  sources,
  mistakes,
}: Pick<SyncRequest, 'sources' | 'mistakes'>): readonly ReportedSource[] => [
  ...sources.map((accepted) => ({ source: { ...accepted.ref, uid: accepted.uid }, accepted })),
  ...mistakes.flatMap(({ source }) => (source ? [{ source }] : [])),
]

/** What of a source a failure is about: the source itself, one of its objects, or one of its Secrets. */
function subjectOf(failure: Failure): string {
  switch (failure.kind) {
    case 'source':
    case 'object':
      return `${failure.kind} ${failure.key}`
    case 'secret':
      return `secret ${failure.name}`
    case 'account':
    case 'annotations':
      return failure.kind
    default:
      return failure satisfies never
  }
}

/** The part of a round that concerns one source. */
function roundOf(
  key: string,
  options: Pick<ReportedSource, 'accepted'> & {
    readonly result: ReportedRound
    /** By `subjectOf`. */
    readonly failuresAt: ReadonlyMap<string, readonly Failure[]>
  },
): ReportedRound {
  const { accepted, result, failuresAt } = options
  const { secrets = [], values = [] } = accepted ?? {}
  const objects = new Set(values.map((value) => `object ${objectKey(value.object, value)}`))
  const subjects = [`source ${key}`, ...objects, ...secrets.map(({ name }) => `secret ${name}`)]
  const changes = secrets.flatMap(({ name }) => {
    const change = result.changes.get(name)
    return change === undefined ? [] : [[name, change] as const]
  })
  return {
    changes: new Map(changes),
    failures: subjects
      .flatMap((subject) => failuresAt.get(subject) ?? [])
      .filter(({ kind, error }) => kind !== 'object' || !isSkipped(secrets[0] ?? {}, error)),
    isFinished: result.isFinished,
  }
}

function statusAfter(
  options: Pick<ReportedSource, 'accepted'> & {
    /** Those of the source, and those of all Secrets of the account. */
    readonly failures: readonly Failure[]
    readonly result: SourcesResult
    readonly account: Account
    readonly before: SeenStatus
  },
): SourceStatus | undefined {
  const { accepted, failures, result, account, before } = options
  if (failures.length > 0) return { before, readiness: notSynced(describeFailures(failures)) }
  const name = accepted?.secrets[0]?.name
  if (name === undefined || !result.synced.has(name)) return undefined
  const { revision = '', unused, notes: ownNotes = [] } = accepted ?? {}
  const kind = result.turns.get(name)?.kind
  const howRead = unused === undefined ? [] : [`read as ServiceAccount ${account.name}: ${unused}`]
  const news = [...howRead, ...ownNotes]
  const notes = [...(unused === undefined ? [] : [unused]), ...ownNotes]
  return {
    before,
    readiness: synced(notes, {
      name,
      account: account.name,
      nothingFound: result.nothingFound.get(name),
    }),
    secret: { name, isRefreshed: result.changes.has(name) || kind !== 'adopt', revision },
    note: news.length === 0 ? undefined : news.join('; '),
  }
}
