import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../lib/clock.ts'
import type { Policy } from '../../webhook/core/policy.ts'
import { externalSecretSource, storeContent } from '../external-secret/external-secret-source.ts'
import { type OtherWriters, otherWriters } from '../external-secret/other-writers.ts'
import type { ReadStore } from '../external-secret/read-store.ts'
import type { SeenStatus, SeenWithStatus } from '../external-secret/seen-external-secret.ts'
import type { Account } from '../request/account.ts'
import { clientOf } from '../request/read-account.ts'
import type { SourceState } from '../round/settle/decide-fates.ts'
import { type AssignedSources, assignSources } from '../source/assign-sources.ts'
import { readClassSource } from '../source/read-class-source.ts'
import type { SeenClass } from '../source/seen-class.ts'
import type { SeenSource } from '../source/seen-source.ts'
import type { Source } from '../source/source.ts'
import { type SourceKind, type SourceRef, sourceKey } from '../source/source-ref.ts'
import { createSourceStore, type SourceStore } from './source-store.ts'

/** The sources of one namespace, and who reads them. */
export interface NamespaceSources {
  /** The objects to watch, by kind. */
  readonly stores: NamespaceStores
  /** Whether the first attempt to list each kind has ended. */
  isSettled(): boolean
  /**
   * Reads what has changed, and assigns all sources to accounts.
   *
   * @param accounts - the listed accounts that exist, by name
   */
  assign(accounts: ReadonlyMap<string, Pick<Account, 'annotations'>>): Promise<Assignment>
  stateOf(source: SourceRef): SourceState
  /** The SecretStores for us, unless another controller is running in the namespace. */
  ownStores(): readonly { readonly store: SeenWithStatus; readonly content: ReadStore }[]
  /** The status of an ExternalSecret that is ours to keep. */
  statusOf(source: SourceRef): SeenStatus | undefined
}

export interface Assignment extends AssignedSources {
  /** False if the next call has more to read. */
  readonly isComplete: boolean
  /** After how many milliseconds the assignment may be another one, although nothing has changed. */
  readonly nextAfterMs: number | undefined
}

/** A kind that isn't read has no store. */
export interface NamespaceStores {
  readonly SecretProviderClass?: SourceStore<SeenClass>
  readonly ExternalSecret?: SourceStore<SeenWithStatus>
  readonly SecretStore?: SourceStore<SeenWithStatus>
}

/**
 * How long one call may read. A hostile list takes up to a tenth of a second, and all accounts share one process. Whoever
 * changes many sources all the time waits for them, and nobody else does.
 */
const maxReadMs = 200

export interface NamespaceSourcesOptions {
  readonly namespace: string
  /** The names of the accounts that the operator has listed. */
  readonly listed: ReadonlySet<string>
  readonly kinds: readonly SourceKind[]
  /** The stores of the whole cluster. Absent if ExternalSecrets aren't read. */
  readonly clusterStores?: SourceStore<SeenWithStatus> | undefined
  readonly policy: Policy
  readonly clock: Pick<Clock, 'now'>
  readonly onChange: () => void
}

export function createNamespaceSources(options: NamespaceSourcesOptions): NamespaceSources {
  const { namespace, listed, clock } = options
  const stores = createStores(options)
  const readers = sourceReaders(stores, options)
  /** The sources as they were read last, by `sourceKey`. */
  let known: KnownSources = new Map()
  /** The sources that the last assignment knew. True: what the source requests is known. */
  let assigned: ReadonlyMap<string, boolean> = new Map()
  /** The names of the ExternalSecrets that another controller keeps. */
  let keptByOthers: { has(name: string): boolean; readonly size: number } = new Set()

  return {
    stores,
    isSettled: () =>
      [...Object.values(stores), options.clusterStores].every(
        (store) => store?.isSettled() ?? true,
      ),
    async assign(accounts) {
      const read = await readSources(readers, { known, clock })
      known = read.known
      const others = otherWriters(stores.ExternalSecret?.all() ?? [], clock.now())
      keptByOthers = others.problems
      const result = assignSources(
        [...known.values()].flatMap(({ source }) => (source ? [withOthers(source, others)] : [])),
        {
          namespace,
          listed: [...listed].map((name) => ({ name, clientId: clientIn(accounts, name) })),
          missing: new Set([...listed].filter((name) => !accounts.has(name))),
        },
      )
      const sources = [...result.byAccount.values(), result.unassigned].flat()
      const wrong = new Set(sources.filter(hasProblems).map(({ ref }) => sourceKey(ref)))
      assigned = new Map([...known.keys()].map((key) => [key, !wrong.has(key)]))
      return { ...result, isComplete: read.isComplete, nextAfterMs: others.nextAfterMs }
    },
    stateOf(source) {
      const store = stores[source.kind]
      if (store === undefined) return { kind: 'unread' }
      if (!store.has(source.name)) return store.stateOfGone(source.name)
      return { kind: assigned.get(sourceKey(source)) ? 'present' : 'wrong' }
    },
    ownStores: () =>
      keptByOthers.size > 0
        ? []
        : (stores.SecretStore?.all() ?? []).flatMap((store) => {
            const content = storeContent(store, { kind: 'SecretStore', ...options })
            return content.kind === 'read' ? [{ store, content: content.store }] : []
          }),
    statusOf: ({ kind, name }) =>
      kind === 'ExternalSecret' && !keptByOthers.has(name)
        ? stores.ExternalSecret?.get(name)?.status
        : undefined,
  }
}

function createStores({
  kinds,
  clusterStores,
  clock,
  onChange,
}: NamespaceSourcesOptions): NamespaceStores {
  const create = <Seen extends SeenSource>(plural: string) =>
    createSourceStore<Seen>({ plural, clock, onChange })
  return {
    ...(kinds.includes('SecretProviderClass') && {
      SecretProviderClass: create<SeenClass>('classes'),
    }),
    ...(clusterStores && {
      ExternalSecret: create<SeenWithStatus>('ExternalSecrets'),
      SecretStore: create<SeenWithStatus>('SecretStores'),
    }),
  }
}

/** How the sources of one kind are read. */
interface SourceReader {
  readonly kind: SourceKind
  /** All sources, and a function that reads each. */
  readonly all: () => readonly {
    readonly seen: SeenSource
    readonly read: () => Source | undefined
  }[]
  /** Changes if all sources have to be read again. */
  readonly version: () => number
}

function sourceReaders(
  { SecretProviderClass: classes, ExternalSecret: externalSecrets, SecretStore }: NamespaceStores,
  { policy, clusterStores }: NamespaceSourcesOptions,
): readonly SourceReader[] {
  const findStore: Parameters<typeof externalSecretSource>[1]['findStore'] = ({ kind, name }) =>
    (kind === 'SecretStore' ? SecretStore : clusterStores)?.get(name)
  return [
    {
      kind: 'SecretProviderClass',
      all: () =>
        (classes?.all() ?? []).map((seen) => ({ seen, read: () => readClassSource(seen, policy) })),
      version: () => 0,
    },
    {
      kind: 'ExternalSecret',
      all: () =>
        (externalSecrets?.all() ?? []).map((seen) => ({
          seen,
          read: () => externalSecretSource(seen, { policy, findStore }),
        })),
      version: () => (SecretStore?.version() ?? 0) + (clusterStores?.version() ?? 0),
    },
  ]
}

type KnownSources = ReadonlyMap<string, KnownSource>

interface KnownSource {
  readonly seen: SeenSource
  readonly version: number
  /** Absent if it requests nothing. */
  readonly source: Source | undefined
}

/** Reads the sources that have changed. One that isn't read in time counts as it was before. */
async function readSources(
  readers: readonly SourceReader[],
  { known, clock }: { readonly known: KnownSources; readonly clock: Pick<Clock, 'now'> },
): Promise<{ readonly known: KnownSources; readonly isComplete: boolean }> {
  const startedAtMs = clock.now()
  const next = new Map<string, KnownSource>()
  let isComplete = true
  for (const { kind, all, version: versionOf } of readers) {
    const version = versionOf()
    for (const { seen, read } of all()) {
      const key = sourceKey({ kind, name: seen.name })
      const before = known.get(key)
      const isRead = before?.seen === seen && before.version === version
      if (isRead || (clock.now() - startedAtMs > maxReadMs && next.size > 0)) {
        if (before !== undefined) next.set(key, before)
        isComplete &&= isRead
        continue
      }
      next.set(key, { seen, version, source: read() })
      await setImmediate()
    }
  }
  return { known: next, isComplete }
}

const withOthers = (source: Source, others: OtherWriters): Source => {
  const problem =
    source.ref.kind === 'ExternalSecret' ? others.problems.get(source.ref.name) : undefined
  return problem === undefined ? source : { ...source, problems: [problem] }
}

const hasProblems = ({ problems }: Source): boolean => problems.length > 0

function clientIn(
  accounts: ReadonlyMap<string, Pick<Account, 'annotations'>>,
  name: string,
): string | undefined {
  const account = accounts.get(name)
  return account && clientOf(account)
}
