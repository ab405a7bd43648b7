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
  /** Reads what has changed, and assigns all sources to accounts. `accounts`: the listed ones that exist, by name */
  assign(accounts: ReadonlyMap<string, Pick<Account, 'annotations'>>): Promise<AssignedSources>
  stateOf(source: SourceRef): SourceState
}

/** @param options - `listed`: the names of the accounts that the operator has listed */
export function createNamespaceSources(options: {
  readonly namespace: string
  readonly listed: ReadonlySet<string>
  readonly policy: Policy
  readonly clock: Pick<Clock, 'now'>
  readonly onChange: () => void
}): NamespaceSources {
  const { namespace, listed, policy } = options
  const classes = createClassStore(options)
  const known = new WeakMap<SeenClass, { readonly source: Source | undefined }>()
  /** The classes that the last assignment knew. True: what the class requests is known. */
  let assigned: ReadonlyMap<string, boolean> = new Map()

  async function read(): Promise<readonly (readonly [SeenClass, Source | undefined])[]> {
    const all: (readonly [SeenClass, Source | undefined])[] = []
    for (const seen of classes.all()) {
      const entry = known.get(seen) ?? { source: readClassSource(seen, policy) }
      // Reading a long list takes milliseconds, and all accounts share one process.
      if (!known.has(seen)) await setImmediate()
      known.set(seen, entry)
      all.push([seen, entry.source])
    }
    return all
  }

  return {
    classes,
    async assign(accounts) {
      const all = await read()
      const result = assignSources(
        all.flatMap(([, source]) => source ?? []),
        {
          namespace,
          listed: [...listed].map((name) => ({ name, clientId: clientIn(accounts, name) })),
          missing: new Set([...listed].filter((name) => !accounts.has(name))),
        },
      )
      const sources = [...result.byAccount.values(), result.unassigned].flat()
      const wrong = new Set(sources.filter(hasProblems).map(({ ref }) => ref.name))
      assigned = new Map(all.map(([{ name }]) => [name, !wrong.has(name)]))
      return result
    },
    stateOf({ name }) {
      if (!classes.has(name)) return classes.stateOfGone(name)
      return { kind: assigned.get(name) ? 'present' : 'wrong' }
    },
  }
}

const hasProblems = ({ problems }: Source): boolean => problems.length > 0

function clientIn(
  accounts: ReadonlyMap<string, Pick<Account, 'annotations'>>,
  name: string,
): string | undefined {
  const account = accounts.get(name)
  return account && clientOf(account)
}
