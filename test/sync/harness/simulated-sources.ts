import type { SeenWithStatus } from '../../../requests/external-secret/seen-external-secret.ts'
import type { SeenSource } from '../../../requests/source/seen-source.ts'
import type { AccountEntry } from '../../../sync/account/account-entry.ts'
import type { ReportedSources } from '../../../sync/account/reported.ts'
import {
  type CustomKind,
  KindAbsentError,
  type KindRequests,
} from '../../../sync/cluster/cluster-port.ts'
import { objectMemory } from '../../../sync/namespace/kept-objects.ts'
import { NamespaceSources } from '../../../sync/namespace/namespace-sources.ts'
import { WatchedObjects } from '../../../sync/namespace/watched-objects.ts'
import { createNamespaceRounds } from '../../../sync/namespace/work-namespace.ts'
import type { RoundServices } from '../../../sync/round/services.ts'
import type { KnownSources } from '../../../sync/round/settle/decide-sources.ts'
import { freeReadPace } from './free-pace.ts'

/** Reads the sources of a namespace before each round, in the place of the controller's watches. */
export function simulatedSources(
  options: RoundServices,
  listed: readonly string[],
  namespace = 'team-a',
) {
  const onChange = () => undefined
  const create = () => {
    const clusterStores = new WatchedObjects<SeenWithStatus>({
      ...options,
      memory: objectMemory(options.memory, { namespace: '', plural: 'ClusterSecretStores' }),
      plural: 'ClusterSecretStores',
      onChange,
    })
    const sources = new NamespaceSources({
      ...options,
      namespace,
      kinds: ['SecretProviderClass', 'ExternalSecret'],
      clusterStores,
      serverTimeMs: options.clock.wallTime,
      listed: () => new Set(listed),
      onChange,
    })
    return { sources, clusterStores, reported: new Map() as ReportedSources }
  }
  const runRound = createNamespaceRounds(options)
  let state = create()
  const { objectsOf } = options.cluster
  const readAll = async () => {
    const { SecretProviderClass, ExternalSecret, SecretStore } = state.sources.objects
    const scope = namespace
    await readKind(objectsOf.SecretProviderClass, { watched: SecretProviderClass, scope })
    await readKind(objectsOf.SecretStore, { watched: SecretStore, scope })
    await readKind(objectsOf.ClusterSecretStore, { watched: state.clusterStores, scope: '' })
    await readKind(objectsOf.ExternalSecret, { watched: ExternalSecret, scope })
  }
  return {
    sourcesOf: (): KnownSources => ({
      stateOf: state.sources.states(),
      statusOf: (source) => state.sources.statusOf(source),
      serves: (kind: CustomKind) => options.cluster.servesKind(kind),
    }),
    restart(): void {
      state = create()
    },
    async assign(entries: readonly AccountEntry[]): Promise<void> {
      await readAll()
      let isComplete = false
      // A busy machine may not read all of them at once.
      while (!isComplete) {
        const done = await runRound({
          ...state,
          pace: freeReadPace,
          namespace,
          entries: entries.filter(({ isListed }) => isListed),
          onChanged: () => undefined,
        })
        state = { ...state, reported: done.reported }
        isComplete = done.isComplete
      }
    },
  }
}

/** Brings objects up to date with a list. */
async function readKind<Seen extends SeenSource>(
  requests: KindRequests<Seen>,
  {
    watched,
    scope,
  }: { readonly watched: WatchedObjects<Seen> | undefined; readonly scope: string },
): Promise<void> {
  if (watched === undefined) return
  try {
    const { objects } = await requests.list(scope, watched.reducer())
    const names = new Set(objects.map(({ name }) => name))
    for (const { name } of watched.all()) if (!names.has(name)) watched.remove(name)
    for (const object of objects) watched.put(object)
    watched.listed()
  } catch (error) {
    if (!(error instanceof KindAbsentError)) return watched.failed()
    for (const { name } of watched.all()) watched.remove(name)
    watched.absent()
  }
}
