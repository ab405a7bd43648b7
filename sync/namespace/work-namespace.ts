import { isDeepStrictEqual } from 'node:util'
import { mistakeOf } from '../../requests/account/accept-sources.ts'
import { sourceKey } from '../../requests/secret/source-ref.ts'
import type { Source } from '../../requests/source/source.ts'
import { type AccountEntry, logWith } from '../account/account-entry.ts'
import { nothingReported, type Reported, type ReportedSources } from '../account/reported.ts'
import { createReadyPublisher, type ReadyPublisher } from '../round/report/publish-ready.ts'
import { describeFailures, nextReportAfterMs, reportOf } from '../round/report/report.ts'
import { createReportWriter } from '../round/report/write-report.ts'
import { mistakeFailure } from '../round/result/failure.ts'
import type { RoundServices } from '../round/services.ts'
import { notSynced, storeReadiness } from '../status/ready-status.ts'
import type { Assignment, NamespaceSources } from './namespace-sources.ts'
import type { ReadPace } from './read-sources.ts'

/** One round for a namespace. */
interface NamespaceRound {
  readonly namespace: string
  readonly sources: NamespaceSources
  readonly pace: ReadPace
  /** The entries of the listed accounts that exist. */
  readonly entries: readonly AccountEntry[]
  /** Called for each account whose sources have changed. */
  readonly onChanged: (entry: AccountEntry) => void
  /** What earlier rounds have reported about sources without an account. */
  readonly reported: ReportedSources
}

interface NamespaceResult {
  readonly reported: ReportedSources
  /** After how many milliseconds the next round is due. */
  readonly nextAfterMs: number | undefined
  /** False if not all sources have been read yet. */
  readonly isComplete: boolean
}

export type RunNamespaceRound = (round: NamespaceRound) => Promise<NamespaceResult>

/**
 * Returns the function that runs the rounds of all namespaces. It assigns the sources of a namespace to its accounts, and
 * reports those that no account reads.
 */
export function createNamespaceRounds(
  services: Pick<RoundServices, 'cluster' | 'metrics' | 'events' | 'clock' | 'log'>,
): RunNamespaceRound {
  const { clock, log } = services
  const ready = createReadyPublisher(services)
  const report = unassignedReporter(services, ready)
  return async (round) => {
    const { sources, pace } = round
    const isComplete = await sources.read(pace)
    const { unassigned, nextAfterMs: otherAfterMs } = assign(round)
    for (const { store, content } of sources.ownStores()) {
      const { namespace, name, uid, status: before } = store
      const object = { kind: 'SecretStore', namespace, name, uid, before } as const
      await ready.publish(object, { readiness: storeReadiness(content), log })
    }
    for (const object of sources.withdrawn()) await ready.withdraw(object, log)
    const reported = new Map<string, Reported>()
    for (const source of unassigned)
      reported.set(sourceKey(source.ref), await report(source, round))
    const times = [...reported.values()].map((codes) => nextReportAfterMs(codes, clock.now()))
    if (!isComplete) times.push(0)
    if (otherAfterMs !== undefined) times.push(otherAfterMs)
    const nextAfterMs = times.length === 0 ? undefined : Math.min(...times)
    return { reported, nextAfterMs, isComplete }
  }
}

function assign({ sources, entries, onChanged }: NamespaceRound): Assignment {
  const accounts = new Map(entries.map(({ account }) => [account.name, account]))
  const assignment = sources.assign(accounts)
  const changed = entries.filter((entry) => {
    const assigned = assignment.byAccount.get(entry.account.name) ?? []
    if (isDeepStrictEqual(entry.sources, assigned)) return false
    entry.sources = assigned
    entry.isChanged = true
    return true
  })
  // A round may begin at once, so every account has its sources by now.
  for (const entry of changed) onChanged(entry)
  return assignment
}

/** No account has this name: the metrics and the Event budget count sources without an account together. */
const noAccount = { name: '', uid: '', annotations: {} }

function unassignedReporter(
  services: Parameters<typeof createNamespaceRounds>[0],
  { publish }: ReadyPublisher,
) {
  const { clock, log } = services
  const { write } = createReportWriter(services)
  return async (
    { ref, uid, problems }: Source,
    { namespace, sources, reported }: NamespaceRound,
  ): Promise<Reported> => {
    const source = { ...ref, uid }
    const failures = [mistakeFailure(mistakeOf({ ref, uid }, problems))]
    const before = sources.statusOf(ref)
    if (before !== undefined) {
      const object = { kind: 'ExternalSecret', namespace, name: ref.name, uid, before } as const
      await publish(object, { readiness: notSynced(describeFailures(failures)), log })
    }
    const report = reportOf(
      { changes: new Map(), failures, isFinished: true },
      { reported: reported.get(sourceKey(ref)) ?? nothingReported, nowMs: clock.now() },
    )
    return await write(report, {
      account: { ...noAccount, namespace },
      source,
      log: logWith(log, { namespace }),
    })
  }
}
