import { readAccount } from '../../../sync/request/read-account.ts'
import { assignSources } from '../../../sync/source/assign-sources.ts'
import type { Source } from '../../../sync/source/source.ts'
import type { Policy } from '../../../webhook/core/policy.ts'
import { classSource } from '../../input/class-source.ts'
import type { NamedObject } from '../../input/find-objects.ts'
import type { AccountInFiles } from '../../input/list-accounts.ts'

/**
 * Finds why Secret sync wouldn't make the Secrets of the classes of one namespace: mistakes of a class, Secrets that another
 * class requests, else what shows once an account reads it, such as another client than the account's.
 *
 * @param classes - all classes of the namespace in the files; the last of several with one name counts, as with `kubectl apply`
 * @param by - `listed`: the accounts of the namespace in the files
 * @returns the sentences about each class, by its name
 */
export function findSyncMistakes(
  classes: readonly NamedObject[],
  by: {
    readonly namespace: string
    readonly listed: readonly AccountInFiles[]
    readonly policy: Policy
  },
): ReadonlyMap<string, readonly string[]> {
  const byName = new Map(classes.map((one) => [one.name, classSource(one, by.policy)]))
  const sources = [...byName.values()].filter((source) => source !== undefined)
  const assigned = assignSources(sources, { ...by, missing: new Set() })
  // The last problem of an unassigned class is that it has no account, which isn't a mistake of the files.
  const found: NamedMistakes[] = assigned.unassigned.map(({ ref, problems }) => [
    ref.name,
    problems.slice(0, -1),
  ])
  for (const [name, ofAccount] of assigned.byAccount) {
    const account = by.listed.find((one) => one.name === name)
    if (account) found.push(...mistakesOf(account, ofAccount, by))
  }
  return new Map(found)
}

type NamedMistakes = readonly [name: string, sentences: readonly string[]]

function mistakesOf(
  account: AccountInFiles,
  sources: readonly Source[],
  { namespace, policy }: { readonly namespace: string; readonly policy: Policy },
): readonly NamedMistakes[] {
  const request = readAccount({ ...account, namespace }, policy, sources)
  // The other mistakes are the account's own.
  const messages = new Map(
    request.kind === 'wanted'
      ? request.mistakes.flatMap(({ source, message }) => (source ? [[source.name, message]] : []))
      : [],
  )
  return sources.map(({ ref, problems }) => {
    const message = messages.get(ref.name)
    const others = message === undefined ? [] : [`AKV_SYNC_SOURCE: ${message}`]
    return [ref.name, problems.length > 0 ? problems : others]
  })
}
