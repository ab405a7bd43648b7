import type { Clock } from '../../lib/clock.ts'
import { plainProblem } from '../../lib/problems/problem.ts'
import type { Account } from '../../requests/account/account.ts'
import { clientOf } from '../../requests/account/read-account.ts'
import type { Policy } from '../../requests/administrator/policy.ts'
import type { SeenClass } from '../../requests/class/seen-class.ts'
import type { FindFoundStore } from '../../requests/external-secret/external-secret-source.ts'
import type { ReadStore } from '../../requests/external-secret/read-store.ts'
import type {
  SeenStatus,
  SeenWithStatus,
} from '../../requests/external-secret/seen-external-secret.ts'
import { type SourceKind, type SourceRef, sourceKey } from '../../requests/secret/source-ref.ts'
import { type AssignedSources, assignSources } from '../../requests/source/assign-sources.ts'
import type { SeenSource } from '../../requests/source/seen-source.ts'
import type { Source } from '../../requests/source/source.ts'
import type { StatusObject } from '../cluster/cluster-port.ts'
import type { FairShares } from '../memory/fair-shares.ts'
import type { SourceState } from '../round/settle/decide-sources.ts'
import { type OtherWriters, otherWriters, storeFreeAfterMs } from '../status/other-writers.ts'
import { objectMemory } from './kept-objects.ts'
import {
  type NamespaceObjects,
  type ReadPace,
  type ReadSources,
  readNamespaceSources,
  sourceReaders,
  storeFinder,
} from './read-sources.ts'
import { WatchedObjects } from './watched-objects.ts'

export interface Assignment extends AssignedSources {
  /** After how many milliseconds the assignment may be another one, although nothing has changed. */
  readonly nextAfterMs: number | undefined
}

interface NamespaceSourcesOptions {
  readonly namespace: string
  /** The names of the enabled accounts. */
  readonly listed: () => ReadonlySet<string>
  readonly kinds: readonly SourceKind[]
  /** The stores of the whole cluster. Absent if ExternalSecrets aren't read. */
  readonly clusterStores?: WatchedObjects<SeenWithStatus> | undefined
  readonly policy: Policy
  readonly memory: FairShares
  readonly clock: Pick<Clock, 'now'>
  /** The time by the API server's clock, which dates the writes of other controllers, in milliseconds since 1970. */
  readonly serverTimeMs: () => number
  readonly onChange: () => void
}

/** Keeps the sources of one namespace, and decides who reads them. */
export class NamespaceSources {
  /** The objects to watch, by kind. */
  readonly objects: NamespaceObjects
  readonly #options: NamespaceSourcesOptions
  readonly #findStore: FindFoundStore
  readonly #readers: ReturnType<typeof sourceReaders>
  /** The sources as they were read last, by `sourceKey`. */
  #known: ReadSources = new Map()
  /** The sources that the last assignment knew. True: what the source requests is known. */
  #assigned: ReadonlyMap<string, boolean> = new Map()
  /** The ExternalSecrets that belong to another controller, by `sourceKey`. */
  #leftAlone: ReadonlySet<string> = new Set()
  /** The names of the ExternalSecrets that another controller keeps. */
  #writtenByOthers: { has(name: string): boolean; readonly size: number } = new Set()

  constructor(options: NamespaceSourcesOptions) {
    this.#options = options
    this.objects = createObjects(options)
    this.#findStore = storeFinder(this.objects, options)
    this.#readers = sourceReaders(this.objects, { ...options, findStore: this.#findStore })
  }

  /** Whether the objects of each kind have been listed, or could not be. */
  isSettled(): boolean {
    return [...Object.values(this.objects), this.#options.clusterStores].every(
      (store) => store?.isSettled() ?? true,
    )
  }

  /**
   * Reads what has changed.
   *
   * @returns false if the next call has more to read
   */
  async read(pace: ReadPace): Promise<boolean> {
    const { namespace, clock } = this.#options
    const read = await readNamespaceSources(this.#readers, {
      known: this.#known,
      namespace,
      clock,
      pace,
    })
    this.#known = read.known
    return read.isComplete
  }

  /**
   * Assigns all sources to accounts, as they were read last.
   *
   * @param accounts - the listed accounts that exist, by name
   */
  assign(accounts: ReadonlyMap<string, Pick<Account, 'annotations'>>): Assignment {
    const { namespace, listed } = this.#options
    const others = otherWriters(this.#externalSecrets(), this.#options.serverTimeMs())
    this.#writtenByOthers = others.problems
    const names = [...listed()]
    const result = assignSources(
      [...this.#known.values()].flatMap(({ source }) =>
        source ? [withOthers(source, others)] : [],
      ),
      {
        namespace,
        listed: names.map((name) => ({ name, clientId: clientIn(accounts, name) })),
        missing: new Set(names.filter((name) => !accounts.has(name))),
      },
    )
    this.#remember(result)
    const waits = this.#stores()
      .map((store) => this.#freeAfterMs(store))
      .filter((waitMs) => waitMs > 0)
    const times = [others.nextAfterMs ?? [], waits].flat()
    return { ...result, nextAfterMs: times.length === 0 ? undefined : Math.min(...times) }
  }

  /**
   * Returns a function that looks up the state of a source in the current assignment, also after a later one. Otherwise, a
   * source that returns during a round would look as if it no longer requested its Secret.
   */
  states(): (source: SourceRef) => SourceState {
    const now = this.#assigned
    return (source) => {
      const watched = this.objects[source.kind]
      if (watched === undefined) return { kind: 'unread' }
      if (!watched.has(source.name)) return watched.stateOfGone(source.name)
      return { kind: now.get(sourceKey(source)) ? 'present' : 'wrong' }
    }
  }

  /** The SecretStores whose status is ours to write. None while another controller is running in the namespace. */
  ownStores(): readonly { readonly store: SeenWithStatus; readonly content: ReadStore }[] {
    if (this.#writtenByOthers.size > 0) return []
    return this.#stores().flatMap((store) => {
      if (this.#freeAfterMs(store) > 0) return []
      const content = this.#findStore({ kind: 'SecretStore', name: store.name })?.content
      return content?.kind === 'read' ? [{ store, content: content.store }] : []
    })
  }

  /** The ExternalSecrets and stores that belong to another controller but still have a status that we wrote. */
  withdrawn(): readonly StatusObject[] {
    return [
      ...ours(this.#externalSecrets(), 'ExternalSecret').filter((status) =>
        this.#leftAlone.has(sourceKey({ kind: 'ExternalSecret', name: status.name })),
      ),
      ...ours(this.#stores(), 'SecretStore').filter(
        ({ name }) => this.#findStore({ kind: 'SecretStore', name })?.content.kind === 'other',
      ),
    ]
  }

  /** The status of an ExternalSecret that is ours to keep. */
  statusOf(source: SourceRef): SeenStatus | undefined {
    return source.kind === 'ExternalSecret' &&
      !this.#writtenByOthers.has(source.name) &&
      !this.#leftAlone.has(sourceKey(source))
      ? this.objects.ExternalSecret?.get(source.name)?.status
      : undefined
  }

  #remember({ byAccount, unassigned, leftAlone }: AssignedSources): void {
    const sources = [...byAccount.values(), unassigned].flat()
    const wrong = new Set(sources.filter(hasProblems).map(({ ref }) => sourceKey(ref)))
    const left = new Set(leftAlone.map(({ ref }) => sourceKey(ref)))
    this.#leftAlone = left
    this.#assigned = new Map(
      [...this.#known.keys()].map((key) => [key, !wrong.has(key) && !left.has(key)]),
    )
  }

  #externalSecrets(): readonly SeenWithStatus[] {
    return this.objects.ExternalSecret?.all() ?? []
  }

  #stores(): readonly SeenWithStatus[] {
    return this.objects.SecretStore?.all() ?? []
  }

  #freeAfterMs(store: SeenWithStatus): number {
    return storeFreeAfterMs(store, this.#options.serverTimeMs())
  }
}

function createObjects({
  kinds,
  clusterStores,
  namespace,
  ...options
}: NamespaceSourcesOptions): NamespaceObjects {
  const create = <Seen extends SeenSource>(plural: string) => {
    const memory = objectMemory(options.memory, { namespace, plural })
    return new WatchedObjects<Seen>({ ...options, plural, memory })
  }
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

const withOthers = (source: Source, others: OtherWriters): Source => {
  const problem =
    source.ref.kind === 'ExternalSecret' ? others.problems.get(source.ref.name) : undefined
  return problem === undefined
    ? source
    : { ...source, problems: [{ ...plainProblem(problem), code: 'AKV_SYNC_MANAGED' }] }
}

/** The objects whose status we have written. */
const ours = (
  objects: readonly SeenWithStatus[],
  kind: StatusObject['kind'],
): readonly StatusObject[] =>
  objects.flatMap(({ namespace, name, uid, status }) =>
    status.isOurs ? [{ kind, namespace, name, uid }] : [],
  )

const hasProblems = ({ problems }: Source): boolean => problems.length > 0

function clientIn(
  accounts: ReadonlyMap<string, Pick<Account, 'annotations'>>,
  name: string,
): string | undefined {
  const account = accounts.get(name)
  return account && clientOf(account)
}
