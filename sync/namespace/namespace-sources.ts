import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../lib/clock.ts'
import type { Policy } from '../../webhook/core/policy.ts'
import type { Account } from '../request/account.ts'
import { clientOf } from '../request/read-account.ts'
import type { SourceState } from '../round/settle/decide-fates.ts'
import { type AssignedSources, assignSources } from '../source/assign-sources.ts'
import { readClassSource } from '../source/read-class-source.ts'
import type { SeenClass } from '../source/seen-class.ts'
import type { Source } from '../source/source.ts'
import type { SourceRef } from '../source/source-ref.ts'
import { type ClassStore, createClassStore } from './class-store.ts'

/** The sources of one namespace, and who reads them. */
export interface NamespaceSources {
  readonly classes: ClassStore
  /**
   * Reads what has changed, and assigns all sources to accounts.
   *
   * @param accounts - the listed accounts that exist, by name
   * @returns `isComplete` is false if the next call has more to read
   */
  assign(
    accounts: ReadonlyMap<string, Pick<Account, 'annotations'>>,
  ): Promise<AssignedSources & { readonly isComplete: boolean }>
  stateOf(source: SourceRef): SourceState
}

/**
 * How long one call may read. A hostile list takes up to a tenth of a second, and all accounts share one process. Whoever
 * changes many classes all the time waits for them, and nobody else does.
 */
const maxReadMs = 200

/** @param options - `listed`: the names of the accounts that the operator has listed */
export function createNamespaceSources(options: {
  readonly namespace: string
  readonly listed: ReadonlySet<string>
  readonly policy: Policy
  readonly clock: Pick<Clock, 'now'>
  readonly onChange: () => void
}): NamespaceSources {
  const { namespace, listed, policy, clock } = options
  const classes = createClassStore(options)
  /** The classes as they were read last, by name. */
  let known: KnownClasses = new Map()
  /** The classes that the last assignment knew. True: what the class requests is known. */
  let assigned: ReadonlyMap<string, boolean> = new Map()

  return {
    classes,
    async assign(accounts) {
      const read = await readClasses(classes.all(), { known, policy, clock })
      known = read.known
      const result = assignSources(
        [...known.values()].flatMap(({ source }) => source ?? []),
        {
          namespace,
          listed: [...listed].map((name) => ({ name, clientId: clientIn(accounts, name) })),
          missing: new Set([...listed].filter((name) => !accounts.has(name))),
        },
      )
      const sources = [...result.byAccount.values(), result.unassigned].flat()
      const wrong = new Set(sources.filter(hasProblems).map(({ ref }) => ref.name))
      assigned = new Map([...known.keys()].map((name) => [name, !wrong.has(name)]))
      return { ...result, isComplete: read.isComplete }
    },
    stateOf({ name }) {
      if (!classes.has(name)) return classes.stateOfGone(name)
      return { kind: assigned.get(name) ? 'present' : 'wrong' }
    },
  }
}

type KnownClasses = ReadonlyMap<string, KnownClass>

interface KnownClass {
  readonly seen: SeenClass
  /** Absent if the class requests nothing. */
  readonly source: Source | undefined
}

/** Reads the classes that have changed. One that isn't read in time counts as it was before. */
async function readClasses(
  classes: readonly SeenClass[],
  {
    known,
    policy,
    clock,
  }: {
    readonly known: KnownClasses
    readonly policy: Policy
    readonly clock: Pick<Clock, 'now'>
  },
): Promise<{ readonly known: KnownClasses; readonly isComplete: boolean }> {
  const startedAtMs = clock.now()
  const next = new Map<string, KnownClass>()
  let isComplete = true
  for (const seen of classes) {
    const before = known.get(seen.name)
    const isRead = before?.seen === seen
    if (isRead || (clock.now() - startedAtMs > maxReadMs && next.size > 0)) {
      if (before !== undefined) next.set(seen.name, before)
      isComplete &&= isRead
      continue
    }
    next.set(seen.name, { seen, source: readClassSource(seen, policy) })
    await setImmediate()
  }
  return { known: next, isComplete }
}

const hasProblems = ({ problems }: Source): boolean => problems.length > 0

function clientIn(
  accounts: ReadonlyMap<string, Pick<Account, 'annotations'>>,
  name: string,
): string | undefined {
  const account = accounts.get(name)
  return account && clientOf(account)
}
