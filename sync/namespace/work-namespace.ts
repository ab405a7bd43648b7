import { isDeepStrictEqual } from 'node:util'
import { AkvError } from '../../lib/errors/akv-error.ts'
import { mistakeOf } from '../../requests/account/accept-sources.ts'
import { sourceKey } from '../../requests/secret/source-ref.ts'
import type { Source } from '../../requests/source/source.ts'
import type { AccountEntry } from '../account/account-entry.ts'
import { logWith } from '../account/account-log.ts'
import type { ReportedSources } from '../account/reported.ts'
import { nothingReported, type Reported } from '../account/reported.ts'
import type { RoundServices } from '../round/account-round.ts'
import { publishReady, withdrawReady } from '../round/report/publish-ready.ts'
import { describeFailures, nextReportAfterMs, reportRound } from '../round/report/report.ts'
import { invalidStore, notSynced, validStore } from '../status/ready-status.ts'
import type { NamespaceSources } from './namespace-sources.ts'

type ReportServices = Pick<RoundServices, 'cluster' | 'metrics' | 'events' | 'clock' | 'log'>

export interface NamespaceRound extends ReportServices {
  readonly namespace: string
  readonly sources: NamespaceSources
  /** The entries of the listed accounts that exist. */
  readonly entries: readonly AccountEntry[]
  /** Called for each account whose sources have changed. */
  readonly onChanged: (entry: AccountEntry) => void
  /** What earlier rounds have reported about sources without an account. */
  readonly reported: ReportedSources
}

/**
 * Assigns the sources of a namespace to its accounts, and reports those that no account reads.
 *
 * @returns what has been reported, and after how many milliseconds the next round is due. `isComplete` is false if not all
 *   sources have been read yet
 */
export async function workNamespace(round: NamespaceRound): Promise<{
  readonly reported: ReportedSources
  readonly nextAfterMs: number | undefined
  readonly isComplete: boolean
}> {
  const { sources, entries, onChanged, clock } = round
  const isComplete = await sources.read()
  const accounts = new Map(entries.map(({ account }) => [account.name, account]))
  const { byAccount, unassigned, nextAfterMs: otherAfterMs } = sources.assign(accounts)
  const changed = entries.filter((entry) => {
    const assigned = byAccount.get(entry.account.name) ?? []
    if (isDeepStrictEqual(entry.sources, assigned)) return false
    entry.sources = assigned
    entry.isChanged = true
    return true
  })
  // A round may begin at once, so every account has its sources by now.
  for (const entry of changed) onChanged(entry)
  for (const { store, content } of sources.ownStores()) {
    const { namespace, name, uid, status: before } = store
    const object = { kind: 'SecretStore', namespace, name, uid, before } as const
    const [problem] = content.problems
    await publishReady(
      object,
      problem === undefined ? validStore : invalidStore(content.problems.join('; ')),
      round,
    )
  }
  for (const object of sources.withdrawn()) await withdrawReady(object, round)
  const reported = new Map<string, Reported>()
  for (const source of unassigned) reported.set(sourceKey(source.ref), await report(source, round))
  const times = [...reported.values()].map((one) => nextReportAfterMs(one, clock.now()))
  if (!isComplete) times.push(0)
  if (otherAfterMs !== undefined) times.push(otherAfterMs)
  const nextAfterMs = times.length === 0 ? undefined : Math.min(...times)
  return { reported, nextAfterMs, isComplete }
}

/** No account has this name: the metrics and the Event budget count sources without an account together. */
const nobody = { name: '', uid: '', annotations: {} }

async function report(source: Source, round: NamespaceRound): Promise<Reported> {
  const { namespace } = round
  const key = sourceKey(source.ref)
  const { message } = mistakeOf(source, source.problems)
  const error = new AkvError({ code: 'AKV_SYNC_SOURCE', message })
  const failures = [{ kind: 'source', key, error }] as const
  const before = round.sources.statusOf(source.ref)
  if (before !== undefined) {
    const { name, uid } = { ...source.ref, uid: source.uid }
    const object = { kind: 'ExternalSecret', namespace, name, uid, before } as const
    await publishReady(object, notSynced(describeFailures(failures)), round)
  }
  return await reportRound(
    { changes: new Map(), failures, isFinished: true },
    {
      ...round,
      log: logWith(round.log, { namespace }),
      account: { ...nobody, namespace },
      source: { ...source.ref, uid: source.uid },
      reported: round.reported.get(key) ?? nothingReported,
    },
  )
}
