import { readAccount } from '../../sync/request/read-account.ts'
import { chooseAccount } from '../../sync/source/choose-account.ts'
import type { Source } from '../../sync/source/source.ts'
import type { Policy } from '../../webhook/core/policy.ts'
import type { AccountInFiles } from '../input/list-accounts.ts'

/**
 * Finds why Secret sync wouldn't make the Secrets of a class: mistakes of the class, else those that show once an account
 * reads it, such as another client than the account's.
 *
 * @param by - `listed`: the accounts of the class's namespace in the files
 */
export function findSyncMistakes(
  source: Source,
  {
    namespace,
    listed,
    policy,
  }: {
    readonly namespace: string
    readonly listed: readonly AccountInFiles[]
    readonly policy: Policy
  },
): readonly string[] {
  if (source.problems.length > 0) return source.problems
  const chosen = chooseAccount(source.hints, { namespace, listed, what: 'the class' })
  const account = chosen.kind === 'chosen' && listed.find(({ name }) => name === chosen.name)
  if (!account) return []
  const request = readAccount({ ...account, namespace }, policy, [source])
  // The other mistakes are the account's own.
  return request.kind === 'wanted'
    ? request.mistakes.flatMap((mistake) =>
        mistake.source ? [`AKV_SYNC_SOURCE: ${mistake.message}`] : [],
      )
    : []
}
