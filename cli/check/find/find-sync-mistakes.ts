import { readAccount } from '../../../sync/request/read-account.ts'
import { assignSources } from '../../../sync/source/assign-sources.ts'
import type { Source } from '../../../sync/source/source.ts'
import { sourceKey } from '../../../sync/source/source-ref.ts'
import type { Policy } from '../../../webhook/core/policy.ts'
import type { AccountInFiles } from '../../input/list-accounts.ts'

/**
 * Finds why Secret sync wouldn't make the Secrets of the sources of one namespace: mistakes of a source, Secrets that another
 * one requests, else what shows once an account reads it, such as another client than the account's.
 *
 * @param sources - all sources of the namespace in the files
 * @param by - `listed`: the accounts that count as listed by the operator
 * @returns the sentences about each source, by its `sourceKey`
 */
export function findSyncMistakes(
  sources: readonly Source[],
  by: {
    readonly namespace: string
    readonly listed: readonly AccountInFiles[]
    readonly policy: Policy
  },
): ReadonlyMap<string, readonly string[]> {
  const assigned = assignSources(sources, { ...by, missing: new Set() })
  // The last problem of an unassigned source is that it has no account, which isn't a mistake of the files.
  const found: Mistakes[] = assigned.unassigned.map(({ ref, problems }) => [
    sourceKey(ref),
    problems.slice(0, -1),
  ])
  for (const [name, ofAccount] of assigned.byAccount) {
    const account = by.listed.find((one) => one.name === name)
    if (account) found.push(...mistakesOf(account, ofAccount, by))
  }
  return new Map(found)
}

type Mistakes = readonly [key: string, sentences: readonly string[]]

function mistakesOf(
  account: AccountInFiles,
  sources: readonly Source[],
  { namespace, policy }: { readonly namespace: string; readonly policy: Policy },
): readonly Mistakes[] {
  const request = readAccount({ ...account, namespace }, policy, sources)
  // The other mistakes are the account's own.
  const messages = new Map(
    request.kind === 'wanted'
      ? request.mistakes.flatMap(({ source, message }) =>
          source ? [[sourceKey(source), message]] : [],
        )
      : [],
  )
  return sources.map(({ ref, problems }) => {
    const key = sourceKey(ref)
    const message = messages.get(key)
    const others = message === undefined ? [] : [`AKV_SYNC_SOURCE: ${message}`]
    return [key, problems.length > 0 ? problems : others]
  })
}
