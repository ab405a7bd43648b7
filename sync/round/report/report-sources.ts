import { objectKey } from '../../../init-agent/projection/wanted-objects.ts'
import type { Log } from '../../../lib/log/log.ts'
import type { SyncRequest } from '../../request/account-request.ts'
import { type SourceRef, sourceKey } from '../../source/source-ref.ts'
import type { Failure } from '../failure.ts'
import type { RoundResult } from '../round-result.ts'
import {
  nothingReported,
  type Reported,
  type ReportedRound,
  type ReportOptions,
  reportRound,
} from './report.ts'

/** What earlier rounds have reported about each source, by its `sourceKey`. */
export type ReportedSources = ReadonlyMap<string, Reported>

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
  result: Pick<RoundResult, 'changes' | 'failures' | 'isFinished'>,
  options: Omit<ReportOptions, 'reported' | 'source'> & {
    readonly request: SyncRequest
    readonly reported: ReportedSources
  },
): Promise<ReportedSources> {
  const { request, reported } = options
  const next = new Map<string, Reported>()
  for (const source of sourcesOf(request)) {
    const key = sourceKey(source)
    const before = reported.get(key) ?? nothingReported
    const round = roundOf(key, { request, result })
    const quiet = { log: silentLog, metrics: noMetrics }
    const after = await reportRound(round, { ...options, ...quiet, source, reported: before })
    if (after.size > 0) next.set(key, after)
  }
  return next
}

function sourcesOf({ sources, mistakes }: SyncRequest): readonly (SourceRef & { uid: string })[] {
  return [
    ...sources.map(({ ref, uid }) => ({ ...ref, uid })),
    ...mistakes.flatMap(({ source }) => source ?? []),
  ]
}

/** The part of a round that concerns one source. */
function roundOf(
  key: string,
  { request, result }: { readonly request: SyncRequest; readonly result: ReportedRound },
): ReportedRound {
  const source = request.sources.find(({ ref }) => sourceKey(ref) === key)
  const names = new Set(source?.secrets.map(({ name }) => name))
  const objects = new Set(source?.files.map(({ object }) => objectKey(object)))
  const isOurs = (failure: Failure): boolean => {
    switch (failure.kind) {
      case 'source':
        return failure.key === key
      case 'object':
        return objects.has(failure.key)
      case 'secret':
        return names.has(failure.name)
      case 'account':
      case 'annotations':
        return false
      default:
        return failure satisfies never
    }
  }
  return {
    changes: new Map([...result.changes].filter(([name]) => names.has(name))),
    failures: result.failures.filter(isOurs),
    isFinished: result.isFinished,
  }
}
