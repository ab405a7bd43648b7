import type { WatchMode } from '../../requests/administrator/watch-mode.ts'
import type { SourceKind } from '../../requests/secret/source-ref.ts'
import type { SeenSource } from '../../requests/source/seen-source.ts'
import type { CustomKind, KindRequests } from '../cluster/cluster-port.ts'
import { createFeed } from '../follow/create-feed.ts'
import type { Sink } from '../follow/feed.ts'
import type { EnabledAccounts } from '../rights/enabled-accounts.ts'
import type { RoundServices } from '../round/services.ts'
import type { NamespaceObjects } from './read-sources.ts'
import type { WatchedObjects } from './watched-objects.ts'

interface FeedsOptions
  extends Pick<RoundServices, 'cluster' | 'outage' | 'pace' | 'clock' | 'log' | 'signal'> {
  readonly enabled: Pick<EnabledAccounts, 'asks'>
  readonly kinds: readonly SourceKind[]
  readonly watch: WatchMode
}

/** Follows the objects of all kinds that are read in namespaces. */
export function createFeeds(options: FeedsOptions) {
  const { cluster, kinds, watch, enabled } = options
  const { objectsOf } = cluster
  const feed = <Seen extends SeenSource>(kind: CustomKind, requests: KindRequests<Seen>) => {
    const onAsking = (namespace: string) => enabled.asks(namespace)
    return createFeed(watch, { ...options, kind, requests, onAsking })
  }
  const classes =
    kinds.includes('SecretProviderClass') &&
    feed('SecretProviderClass', objectsOf.SecretProviderClass)
  const externalSecrets =
    kinds.includes('ExternalSecret') && feed('ExternalSecret', objectsOf.ExternalSecret)
  const stores = kinds.includes('ExternalSecret') && feed('SecretStore', objectsOf.SecretStore)
  const all = [classes, stores, externalSecrets].filter((feed) => feed !== false)
  return {
    begin(namespace: string, objects: NamespaceObjects): void {
      const { SecretProviderClass, SecretStore, ExternalSecret } = objects
      if (classes && SecretProviderClass) classes.begin(namespace, sinkOf(SecretProviderClass))
      if (stores && SecretStore) stores.begin(namespace, sinkOf(SecretStore))
      if (externalSecrets && ExternalSecret)
        externalSecrets.begin(namespace, sinkOf(ExternalSecret))
    },
    end(namespace: string): void {
      for (const feed of all) feed.end(namespace)
    },
    start(): void {
      for (const feed of all) feed.start()
    },
    ended: async (): Promise<void> => void (await Promise.all(all.map((feed) => feed.ended()))),
  }
}

/** Brings objects up to date with lists and watches. */
export const sinkOf = <Seen extends SeenSource>(watched: WatchedObjects<Seen>) =>
  ({
    reducer: () => watched.reducer(),
    onObject: (seen: Seen) => watched.put(seen),
    onGone: (name: string) => watched.remove(name),
    onListed: () => watched.listed(),
    onAbsent: () => watched.absent(),
    onFailed: () => watched.failed(),
    shouldListAgain: () => watched.hasRoom(),
  }) satisfies Sink<Seen>
