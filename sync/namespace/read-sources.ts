import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../lib/clock.ts'
import { pluralOf } from '../../lib/count-of.ts'
import type { Policy } from '../../requests/administrator/policy.ts'
import { readClassSource } from '../../requests/class/read-class-source.ts'
import type { SeenClass } from '../../requests/class/seen-class.ts'
import {
  externalSecretSource,
  type FindFoundStore,
  type FoundStore,
  storeContent,
} from '../../requests/external-secret/external-secret-source.ts'
import type { StoreKind } from '../../requests/external-secret/read-store.ts'
import type { SeenWithStatus } from '../../requests/external-secret/seen-external-secret.ts'
import { type SourceKind, sourceKey } from '../../requests/secret/source-ref.ts'
import type { SeenSource } from '../../requests/source/seen-source.ts'
import type { Source } from '../../requests/source/source.ts'
import type { RoundPace } from '../pace/round-pace.ts'
import { checkTemplates } from './check-templates.ts'
import type { WatchedObjects } from './watched-objects.ts'

export type ReadPace = Pick<RoundPace, 'awaitTurn' | 'awaitSlice'>

/** A kind that isn't read is absent. */
export interface NamespaceObjects {
  readonly SecretProviderClass?: WatchedObjects<SeenClass>
  readonly ExternalSecret?: WatchedObjects<SeenWithStatus>
  readonly SecretStore?: WatchedObjects<SeenWithStatus>
}

/** What reading stores depends on. */
interface StoreOptions {
  readonly namespace: string
  /** The stores of the whole cluster. Absent if ExternalSecrets aren't read. */
  readonly clusterStores?: WatchedObjects<SeenWithStatus> | undefined
  readonly policy: Policy
}

/**
 * How long one call may read. Reading a hostile spec takes tens of milliseconds, and all accounts share one process. Sources
 * that keep changing are read last, so that they delay no others.
 */
const maxReadMs = 50

/** Finds the stores of a namespace. Each is read once until it changes: hundreds of ExternalSecrets may name it. */
export function storeFinder(
  { SecretStore }: NamespaceObjects,
  { namespace, policy, clusterStores }: StoreOptions,
): FindFoundStore {
  const read = new WeakMap<SeenWithStatus, FoundStore>()
  return ({ kind, name }) => {
    const stores = kind === 'SecretStore' ? SecretStore : clusterStores
    const seen = stores?.get(name)
    if (seen === undefined) return stores?.isKnown() === false ? unlisted(kind) : undefined
    const { annotated } = seen
    const before = read.get(seen)
    const content = before?.content ?? storeContent(seen, { kind, namespace, policy })
    const found = before ?? { annotated, content }
    read.set(seen, found)
    return found
  }
}

/** The content of a store that may exist. */
const unlisted = (kind: StoreKind): FoundStore => {
  const sentence = `the controller can't list the ${pluralOf(kind)}, and its log says why`
  return { content: { kind: 'unread', sentence } }
}

/** How the sources of one kind are read. */
interface SourceReader {
  readonly kind: SourceKind
  /** All sources, and a function that reads each. */
  readonly all: () => readonly {
    readonly seen: SeenSource
    readonly read: (awaitSlice: () => Promise<void>) => Promise<Source | undefined>
  }[]
  /** Changes if all sources have to be read again. */
  readonly version: () => number
}

export function sourceReaders(
  { SecretProviderClass: classes, ExternalSecret: externalSecrets, SecretStore }: NamespaceObjects,
  {
    policy,
    clusterStores,
    findStore,
  }: StoreOptions & {
    readonly findStore: FindFoundStore
  },
): readonly SourceReader[] {
  return [
    {
      kind: 'SecretProviderClass',
      all: () =>
        (classes?.all() ?? []).map((seen) => ({
          seen,
          read: async () => readClassSource(seen, policy),
        })),
      version: () => 0,
    },
    {
      kind: 'ExternalSecret',
      all: () =>
        (externalSecrets?.all() ?? []).map((seen) => ({
          seen,
          read: async (awaitSlice) => {
            const templates = await checkTemplates(seen, awaitSlice)
            return externalSecretSource(seen, { policy, findStore, templates })
          },
        })),
      version: () => (SecretStore?.version() ?? 0) + (clusterStores?.version() ?? 0),
    },
  ]
}

export type ReadSources = ReadonlyMap<string, ReadSource>

interface ReadSource {
  readonly seen: SeenSource
  readonly version: number
  /** Absent if it requests nothing. */
  readonly source: Source | undefined
}

/** Reads the sources that have changed. One that isn't read in time counts as it was before. */
export async function readNamespaceSources(
  readers: readonly SourceReader[],
  {
    known,
    namespace,
    clock,
    pace,
  }: {
    readonly known: ReadSources
    readonly namespace: string
    readonly clock: Pick<Clock, 'now'>
    readonly pace: ReadPace
  },
): Promise<{ readonly known: ReadSources; readonly isComplete: boolean }> {
  const startedAtMs = clock.now()
  const next = new Map<string, ReadSource>()
  let isComplete = true
  for (const { kind, all, version: versionOf } of readers) {
    const version = versionOf()
    const sources = all().map((source) => {
      const key = sourceKey({ kind, name: source.seen.name })
      return { ...source, key, before: known.get(key) }
    })
    // If a store changes before all have been read, the next call goes on with the others.
    sources.sort((a, b) => (a.before?.version ?? -1) - (b.before?.version ?? -1))
    for (const { seen, read, key, before } of sources) {
      const isRead = before?.seen === seen && before.version === version
      const isLate = () => clock.now() - startedAtMs > maxReadMs && next.size > 0
      if (isRead || isLate() || !(await pace.awaitTurn(namespace))) {
        if (before !== undefined) next.set(key, before)
        isComplete &&= isRead
        continue
      }
      const awaitSlice = () => pace.awaitSlice(namespace)
      await awaitSlice()
      const source = await read(awaitSlice)
      // A status changes at each refresh. What is known of the source by its identity stays known.
      const isSame = isDeepStrictEqual(source, before?.source)
      next.set(key, { seen, version, source: isSame ? before?.source : source })
    }
  }
  return { known: next, isComplete }
}
