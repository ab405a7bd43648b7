import { objectKey } from '../../../delivery/projection/wanted-objects.ts'
import type { Log } from '../../../lib/log/log.ts'
import type { SyncRequest } from '../../../requests/account/account-request.ts'
import { type SourceRef, sourceKey } from '../../../requests/secret/source-ref.ts'
import type { Source } from '../../../requests/source/source.ts'
import {
  noneReported,
  nothingReported,
  type Reported,
  type ReportedSources,
} from '../../account/reported.ts'
import type { SyncCluster } from '../../cluster/cluster-port.ts'
import type { Failure } from '../result/failure.ts'
import type { RoundResult } from '../result/round-result.ts'
import type { KnownSources } from '../settle/decide-fates.ts'
import { publishSource } from './publish-source.ts'
import { type ReportedRound, type ReportOptions, reportRound, writeEvent } from './report.ts'

const silent = () => undefined
/** The report of the account has everything, so the log and the metrics don't repeat it. */
const silentLog: Log = { debug: silent, info: silent, warn: silent, error: silent }
const noMetrics = { countFailure: silent }

/**
 * Reports a round of an account on each of its sources, as Events: what concerns the source's own Secrets.
 *
 * @returns what has been reported by then
 */
export async function reportSources(
  result: Pick<RoundResult, 'changes' | 'failures' | 'isFinished' | 'synced'>,
  options: Omit<ReportOptions, 'reported' | 'source'> & {
    readonly request: Pick<SyncRequest, 'sources' | 'mistakes'>
    readonly reported: ReportedSources
    readonly cluster: SyncCluster
    readonly sources: KnownSources
  },
): Promise<ReportedSources> {
  const { request, reported, sources } = options
  const next = new Map<string, Reported>()
  const accepted = new Map(request.sources.map((source) => [sourceKey(source.ref), source]))
  const failuresBy = Map.groupBy(result.failures, placeOf)
  const accountFailures = failuresBy.get('account') ?? []
  for (const source of sourcesOf(request)) {
    const key = sourceKey(source)
    const known = reported.get(key) ?? nothingReported
    const round = roundOf(key, { source: accepted.get(key), result, failuresBy })
    const quiet = { log: silentLog, metrics: noMetrics }
    const after = await reportRound(round, { ...options, ...quiet, source, reported: known })
    if (after.size > 0) next.set(key, after)
    const before = sources.statusOf(source)
    if (before === undefined) continue
    const news = await publishSource(
      { ...source, before },
      { ...options, accepted: accepted.get(key), round, accountFailures, synced: result.synced },
    )
    if (news !== undefined)
      await writeEvent({ type: 'Normal', reason: 'Synced', message: news }, { ...options, source })
  }
  return next.size === 0 ? noneReported : next
}

function sourcesOf({
  sources,
  mistakes,
}: Pick<SyncRequest, 'sources' | 'mistakes'>): readonly (SourceRef & { uid: string })[] {
  return [
    ...sources.map(({ ref, uid }) => ({ ...ref, uid })),
    ...mistakes.flatMap(({ source }) => source ?? []),
  ]
}

/** What of a source a failure is about: the source itself, one of its objects, or one of its Secrets. */
function placeOf(failure: Failure): string {
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
  {
    source,
    result,
    failuresBy,
  }: {
    readonly source: Source | undefined
    readonly result: ReportedRound
    /** By `placeOf`. */
    readonly failuresBy: ReadonlyMap<string, readonly Failure[]>
  },
): ReportedRound {
  const { secrets = [], files = [] } = source ?? {}
  const objects = new Set(files.map(({ object }) => `object ${objectKey(object)}`))
  const places = [`source ${key}`, ...objects, ...secrets.map(({ name }) => `secret ${name}`)]
  const changes = secrets.flatMap(({ name }) => {
    const change = result.changes.get(name)
    return change === undefined ? [] : [[name, change] as const]
  })
  return {
    changes: new Map(changes),
    failures: places.flatMap((place) => failuresBy.get(place) ?? []),
    isFinished: result.isFinished,
  }
}
