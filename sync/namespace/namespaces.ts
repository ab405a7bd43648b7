import { toAkvError } from '../../lib/errors/akv-error.ts'
import type { WatchMode } from '../../requests/administrator/watch-mode.ts'
import type { SeenWithStatus } from '../../requests/external-secret/seen-external-secret.ts'
import type { SourceKind } from '../../requests/secret/source-ref.ts'
import type { AccountEntries } from '../account/account-entries.ts'
import { type AccountEntry, outlookOfChanged } from '../account/account-entry.ts'
import type { ReportedSources } from '../account/reported.ts'
import { forEachInSlices } from '../pace/in-slices.ts'
import { createRoundPace } from '../pace/round-pace.ts'
import type { NextRun, Outlook } from '../queue/next-run.ts'
import { workKey } from '../queue/work.ts'
import type { QueueSlot, WorkQueue } from '../queue/work-queue.ts'
import type { EnabledAccounts } from '../rights/enabled-accounts.ts'
import type { RoundServices } from '../round/services.ts'
import { type KnownSources, noKnownSources } from '../round/settle/decide-sources.ts'
import {
  createClusterStoreStatuses,
  createClusterStores,
  watchClusterStores,
} from './cluster-stores.ts'
import { createFeeds } from './feeds.ts'
import { NamespaceSources } from './namespace-sources.ts'
import type { WatchedObjects } from './watched-objects.ts'
import { createNamespaceRounds, type RunNamespaceRound } from './work-namespace.ts'

/** The namespaces whose sources are read, and their rounds in the work queue. */
export interface Namespaces {
  /** Runs a round for a namespace. */
  work(namespace: string, slot: QueueSlot): Promise<NextRun | undefined>
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
export const createNamespaces = (options: NamespacesOptions): Namespaces =>
  options.kinds.length === 0 ? noSources : new FollowedNamespaces(options)

class FollowedNamespaces implements Namespaces {
  readonly #options: NamespacesOptions
  readonly #all = new Map<string, Namespace>()
  readonly #runRound: RunNamespaceRound
  readonly #feeds: ReturnType<typeof createFeeds>
  readonly #clusterStores: WatchedObjects<SeenWithStatus> | undefined
  readonly #publishStores: (() => Promise<NextRun | undefined>) | undefined
  #watching: Promise<void> | undefined

  constructor(options: NamespacesOptions) {
    this.#options = options
    this.#runRound = createNamespaceRounds(options)
    this.#feeds = createFeeds(options)
    if (!options.kinds.includes('ExternalSecret')) return
    const stores = createClusterStores(options, () => this.#clusterStoresChanged())
    this.#clusterStores = stores
    this.#publishStores = createClusterStoreStatuses(stores, options)
  }

  async work(namespace: string, slot: QueueSlot): Promise<NextRun | undefined> {
    return await safely({ ...this.#options, namespace }, async () => {
      if (namespace === '') return await this.#publishStores?.()
      const known = this.#all.get(namespace)
      if (known?.areAccountsListed !== true || !known.sources.isSettled()) return undefined
      const runRound = this.#runRound
      return await workOn(known, { ...this.#options, namespace, runRound, slot })
    })
  }

  changed(namespace: string): void {
    const known = this.#all.get(namespace)
    if (known === undefined) return
    const next = { afterMs: 0, outlook: known.outlook }
    this.#options.queue.add(workKey({ kind: 'namespace', namespace }), next)
  }

  accountsListed(namespace: string): void {
    const known = this.#all.get(namespace)
    if (known === undefined || known.areAccountsListed) return
    known.areAccountsListed = true
    this.changed(namespace)
  }

  isReady(namespace: string): boolean {
    return this.#all.get(namespace)?.isReady === true
  }

  sourcesOf(namespace: string): KnownSources {
    return {
      stateOf: this.#all.get(namespace)?.sources.states() ?? noKnownSources.stateOf,
      statusOf: (source) => this.#all.get(namespace)?.sources.statusOf(source),
      serves: this.#options.cluster.servesKind,
    }
  }

  begin(namespace: string): void {
    const { cluster, enabled } = this.#options
    const sources = new NamespaceSources({
      ...this.#options,
      serverTimeMs: () => cluster.serverTimeMs(),
      namespace,
      listed: () => enabled.of(namespace),
      clusterStores: this.#clusterStores,
      onChange: () => this.changed(namespace),
    })
    this.#all.set(namespace, newNamespace(sources))
    this.#feeds.begin(namespace, sources.objects)
  }

  end(namespace: string): void {
    this.#all.delete(namespace)
    this.#feeds.end(namespace)
    this.#options.queue.drop(workKey({ kind: 'namespace', namespace }))
  }

  start(): void {
    this.#feeds.start()
    this.#watching ??= this.#clusterStores && watchClusterStores(this.#clusterStores, this.#options)
  }

  async ended(): Promise<void> {
    await Promise.all([this.#feeds.ended(), this.#watching])
  }

  #clusterStoresChanged(): void {
    const next = { afterMs: 0, outlook: 'good' } as const
    for (const namespace of this.#all.keys()) this.changed(namespace)
    this.#options.queue.add(workKey({ kind: 'namespace', namespace: '' }), next)
  }
}

interface NamespaceWork extends Pick<NamespacesOptions, 'entries' | 'queue' | 'pace' | 'log'> {
  readonly namespace: string
  readonly slot: QueueSlot
  readonly runRound: RunNamespaceRound
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
  { namespace, runRound, queue, slot, ...work }: NamespaceWork,
): Promise<NextRun | undefined> {
  const entries = () => work.entries.within(namespace)
  const queueRound = (entry: AccountEntry) =>
    queue.add(workKey({ kind: 'account', namespace, name: entry.account.name }), {
      afterMs: 0,
      outlook: outlookOfChanged(entry),
    })
  const pace = createRoundPace(work.pace, { slot })
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
