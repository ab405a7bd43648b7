import type { FairPace } from '../../lib/fair/fair-pace.ts'
import type { Log } from '../../lib/log/log.ts'
import type { Policy } from '../../requests/administrator/policy.ts'
import { storeContent } from '../../requests/external-secret/external-secret-source.ts'
import type { SeenWithStatus } from '../../requests/external-secret/seen-external-secret.ts'
import { watchObjects } from '../cluster/watch-objects.ts'
import type { NextRun } from '../queue/next-run.ts'
import { createReadyPublisher } from '../round/report/publish-ready.ts'
import type { RoundServices } from '../round/services.ts'
import { storeFreeAfterMs } from '../status/other-writers.ts'
import { storeReadiness } from '../status/ready-status.ts'
import { sinkOf } from './feeds.ts'
import { objectMemory } from './kept-objects.ts'
import { WatchedObjects } from './watched-objects.ts'

const kind = 'ClusterSecretStore'

/**
 * Keeps what is known of the ClusterSecretStores, which all namespaces share.
 *
 * @param onChange - is called after each change
 */
export function createClusterStores(
  { memory, clock }: Pick<RoundServices, 'memory' | 'clock'>,
  onChange: () => void,
): WatchedObjects<SeenWithStatus> {
  const plural = 'ClusterSecretStores'
  const stores = objectMemory(memory, { namespace: '', plural })
  return new WatchedObjects<SeenWithStatus>({ plural, memory: stores, clock, onChange })
}

/** Keeps the stores of the whole cluster up to date. Resolves when the watch has ended. */
export function watchClusterStores(
  stores: WatchedObjects<SeenWithStatus>,
  {
    cluster,
    outage,
    clock,
    log,
    signal,
  }: Pick<RoundServices, 'cluster' | 'outage' | 'clock' | 'log' | 'signal'>,
): Promise<void> {
  const requests = cluster.objectsOf[kind]
  const { reducer, ...sink } = sinkOf(stores)
  return watchObjects({
    ...sink,
    kind,
    namespace: '',
    list: (scope) => requests.list(scope, reducer()),
    watch: requests.watch,
    outage,
    clock,
    log,
    signal,
  })
}

/**
 * Returns a function that brings the statuses of the ClusterSecretStores up to date. They say whether a store is valid, and
 * nothing of the namespaces that use it.
 */
export function createClusterStoreStatuses(
  stores: Pick<WatchedObjects<SeenWithStatus>, 'all'>,
  services: Pick<RoundServices, 'cluster' | 'clock'> & {
    readonly policy: Policy
    readonly pace: Pick<FairPace, 'awaitSlice'>
    readonly log: Log
  },
): () => Promise<NextRun | undefined> {
  const { cluster, policy, pace, log } = services
  const ready = createReadyPublisher(services)
  async function publish(store: SeenWithStatus): Promise<void> {
    const { name, uid, status: before } = store
    const object = { kind, namespace: '', name, uid, before } as const
    const content = storeContent(store, { kind, namespace: undefined, policy })
    if (content.kind === 'read')
      await ready.publish(object, { readiness: storeReadiness(content.store), log })
    else if (content.kind === 'other' && before.isOurs) await ready.withdraw(object, log)
  }
  return async () => {
    const waits: number[] = []
    for (const store of stores.all()) {
      const waitMs = storeFreeAfterMs(store, cluster.serverTimeMs())
      if (waitMs > 0) waits.push(waitMs)
      else await publish(store)
      await pace.awaitSlice('')
    }
    return waits.length === 0 ? undefined : { afterMs: Math.min(...waits), outlook: 'good' }
  }
}
