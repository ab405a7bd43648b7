import type { JsonObject } from '../../../lib/shape.ts'
import type { ChosenAccount } from '../../../requests/source/choose-account.ts'
import type { Source } from '../../../requests/source/source.ts'
import { accountOf } from '../../../webhook/core/csi/account.ts'
import type { Pod } from '../../../webhook/core/model/pod.ts'
import { chooseAccountInFiles } from '../../input/accounts/choose-account-in-files.ts'
import { type AccountInFiles, withNamedAccounts } from '../../input/accounts/list-accounts.ts'
import type { PodTemplate } from '../../input/objects/find-objects.ts'

/**
 * Chooses the account for a class among the accounts in its namespace that the files have or name. If there are none,
 * chooses the account of the pods that use the class.
 */
export function chooseClassAccount(
  source: Source,
  {
    namespace,
    listed,
    users,
  }: {
    readonly namespace: string
    readonly listed: ReadonlyMap<string, readonly AccountInFiles[]>
    /** The pods with volumes of the class. */
    readonly users: readonly PodTemplate[]
  },
): ChosenAccount {
  const named = withNamedAccounts(listed.get(namespace) ?? [], [source])
  const accounts = named.length > 0 ? named : accountsOfPods(users)
  return chooseAccountInFiles(source.hints, { namespace, listed: accounts, what: 'the class' })
}

function accountsOfPods(pods: readonly PodTemplate[]): readonly { readonly name: string }[] {
  const names = new Set(pods.map(({ pod }) => accountOf(pod as JsonObject & Pod)))
  return [...names].map((name) => ({ name }))
}
