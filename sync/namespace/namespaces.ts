import { toAkvError } from '../../lib/errors/akv-error.ts'
import { forEachInSlices } from '../../lib/in-slices.ts'
import type { WatchMode } from '../../requests/administrator/watch-mode.ts'
import type { SeenWithStatus } from '../../requests/external-secret/seen-external-secret.ts'
import type { SourceKind } from '../../requests/secret/source-ref.ts'
import type { AccountEntries } from '../account/account-entries.ts'
import { type AccountEntry, outlookOfChanged } from '../account/account-entry.ts'
import type { ReportedSources } from '../account/reported.ts'
import { watchObjects } from '../cluster/watch-objects.ts'
import { createRoundPace } from '../pace/round-pace.ts'
import type { NextRun, Outlook } from '../queue/next-run.ts'
import { workKey } from '../queue/work.ts'
import type { QueuePlace, WorkQueue } from '../queue/work-queue.ts'
import type { EnabledAccounts } from '../rights/enabled-accounts.ts'
import type { RoundServices } from '../round/services.ts'
import { type KnownSources, noKnownSources } from '../round/settle/decide-sources.ts'
import { createClusterStoreStatuses } from './cluster-stores.ts'
import { createFeeds, sinkOf } from './feeds.ts'
import { objectMemory } from './kept-objects.ts'
import { createNamespaceSources, type NamespaceSources } from './namespace-sources.ts'
import { createWatchedObjects, type WatchedObjects } from './watched-objects.ts'
import { createNamespaceRounds } from './work-namespace.ts'

/** The namespaces whose sources are read, and their rounds in the work queue. */
export interface Namespaces {
  /** Runs a round for a namespace. */
  work(namespace: string, place: QueuePlace): Promise<NextRun | undefined>
  /** An account of the namespace has changed. */
  changed(namespace: string): void
  /** All accounts of the namespace are known. */
  accountsListed(namespace: string): void
  /** Whether rounds for accounts may run. Before, we don't know their sources. */
  isReady(namespace: string): boolean
  sourcesOf(namespace: string): KnownSources
  /** The namespace is ours now, or not any more. */
  begin(namespace: string): void
  end(namespace: string): void
  /** Starts to follow the sources of all namespaces. */
  start(): void
  /** Resolves when no watch is running any more. */
  ended(): Promise<void>
}

interface NamespacesOptions extends Omit<RoundServices, 'sourcesOf' | 'openSession'> {
  readonly enabled: Pick<EnabledAccounts, 'of' | 'asks'>
  readonly kinds: readonly SourceKind[]
  readonly watch: WatchMode
  readonly entries: Pick<AccountEntries, 'within'>
  readonly queue: WorkQueue
}

const afterMistakeMs = 5 * 60_000
const noSources: Namespaces = {
  work: async () => undefined,
  changed: () => undefined,
  accountsListed: () => undefined,
  isReady: () => true,
  sourcesOf: () => noKnownSources,
  begin: () => undefined,
  end: () => undefined,
  start: () => undefined,
  ended: async () => undefined,
}

/** The state of one namespace. */
interface Namespace {
  readonly sources: NamespaceSources
  areAccountsListed: boolean
  /** Whether the sources have been assigned to accounts. */
  isReady: boolean
  /** How the next round is likely to go, judged by the last one. */
  outlook: Outlook
  reported: ReportedSources
}

const newNamespace = (sources: NamespaceSources): Namespace => ({
  sources,
  areAccountsListed: false,
  isReady: false,
  outlook: 'good',
  reported: new Map(),
})

/** Follows the sources of all namespaces that are ours. A round for a namespace is due when its sources or its accounts change. */
export function createNamespaces(options: NamespacesOptions): Namespaces {
  if (options.kinds.length === 0) return noSources
  const { enabled, queue, cluster, clock } = options
  const runRound = createNamespaceRounds(options)
  const all = new Map<string, Namespace>()
  const changed = (namespace: string) => {
    const known = all.get(namespace)
    if (known === undefined) return
    queue.add(workKey({ kind: 'namespace', namespace }), { afterMs: 0, outlook: known.outlook })
  }
  const clusterStores = options.kinds.includes('ExternalSecret')
    ? createWatchedObjects<SeenWithStatus>({
        plural: 'ClusterSecretStores',
        memory: objectMemory(options.memory, { namespace: '', plural: 'ClusterSecretStores' }),
        clock,
        onChange: () => {
          for (const namespace of all.keys()) changed(namespace)
          queue.add(workKey({ kind: 'namespace', namespace: '' }), { afterMs: 0, outlook: 'good' })
        },
      })
    : undefined
  const storeStatuses = clusterStores && createClusterStoreStatuses(clusterStores, options)
  const feeds = createFeeds(options)
  let watching: Promise<void> | undefined
  return {
    async work(namespace, place) {
      return await safely({ ...options, namespace }, async () => {
        if (namespace === '') return await storeStatuses?.()
        const known = all.get(namespace)
        if (known?.areAccountsListed !== true || !known.sources.isSettled()) return undefined
        return await workOn(known, { ...options, namespace, runRound, place })
      })
    },
    changed,
    accountsListed(namespace) {
      const known = all.get(namespace)
      if (known === undefined || known.areAccountsListed) return
      known.areAccountsListed = true
      changed(namespace)
    },
    isReady: (namespace) => all.get(namespace)?.isReady === true,
    sourcesOf: (namespace) => ({
      stateOf: all.get(namespace)?.sources.states() ?? noKnownSources.stateOf,
      statusOf: (source) => all.get(namespace)?.sources.statusOf(source),
      serves: cluster.servesKind,
    }),
    begin(namespace) {
      const sources = createNamespaceSources({
        ...options,
        serverTimeMs: () => cluster.serverTimeMs(),
        namespace,
        listed: () => enabled.of(namespace),
        clusterStores,
        onChange: () => changed(namespace),
      })
      all.set(namespace, newNamespace(sources))
      feeds.begin(namespace, sources.objects)
    },
    end(namespace) {
      all.delete(namespace)
      feeds.end(namespace)
      queue.drop(workKey({ kind: 'namespace', namespace }))
    },
    start() {
      feeds.start()
      watching ??= clusterStores && watchClusterStores(clusterStores, options)
    },
    ended: async () => void (await Promise.all([feeds.ended(), watching])),
  }
}

interface NamespaceWork extends Pick<NamespacesOptions, 'entries' | 'queue' | 'pace' | 'log'> {
  readonly namespace: string
  readonly place: QueuePlace
  readonly runRound: ReturnType<typeof createNamespaceRounds>
}

/** A bug that shows with one namespace must not stop the rounds of all others. */
async function safely(
  { namespace, log }: Pick<NamespaceWork, 'namespace' | 'log'>,
  work: () => Promise<NextRun | undefined>,
): Promise<NextRun | undefined> {
  try {
    return await work()
  } catch (thrown) {
    const { code, message } = toAkvError(thrown)
    log.error(message, { namespace, code })
    return { afterMs: afterMistakeMs, outlook: 'good' }
  }
}

async function workOn(
  known: Namespace,
  { namespace, runRound, queue, place, ...work }: NamespaceWork,
): Promise<NextRun | undefined> {
  const entries = () => work.entries.within(namespace)
  const queueRound = (entry: AccountEntry) =>
    queue.add(workKey({ kind: 'account', namespace, name: entry.account.name }), {
      afterMs: 0,
      outlook: outlookOfChanged(entry),
    })
  const pace = createRoundPace(work.pace, { place })
  const { reported, nextAfterMs, isComplete } = await runRound({
    pace,
    namespace,
    sources: known.sources,
    entries: entries().filter(({ isListed }) => isListed),
    onChanged: (entry) => known.isReady && queueRound(entry),
    reported: known.reported,
  })
  known.reported = reported
  known.outlook = pace.isSlow() ? 'slow' : 'good'
  if (!known.isReady && isComplete) {
    known.isReady = true
    await forEachInSlices(entries(), queueRound)
  }
  return nextAfterMs === undefined ? undefined : { afterMs: nextAfterMs, outlook: known.outlook }
}

/** Keeps the stores of the whole cluster up to date. */
const watchClusterStores = (
  stores: WatchedObjects<SeenWithStatus>,
  { cluster, outage, clock, log, signal }: NamespacesOptions,
): Promise<void> => {
  const requests = cluster.objectsOf.ClusterSecretStore
  const { reducer, ...sink } = sinkOf(stores)
  return watchObjects({
    ...sink,
    kind: 'ClusterSecretStore',
    namespace: '',
    list: (scope) => requests.list(scope, reducer()),
    watch: requests.watch,
    outage,
    clock,
    log,
    signal,
  })
}
