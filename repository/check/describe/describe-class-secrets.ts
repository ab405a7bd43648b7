import { row } from '../../../command/review/describe-wanted.ts'
import type { ListedAccount } from '../../../requests/source/choose-account.ts'
import type { Source } from '../../../requests/source/source.ts'
import { chooseAccountInFiles } from '../../input/accounts/choose-account-in-files.ts'
import { enabledIn } from '../../input/accounts/enabled-in.ts'
import { describeSecret } from './describe-sync.ts'

/**
 * Describes the Secrets that Secret sync would make from a class, and the account that it would read them as.
 *
 * @param by - `listed`: the accounts in the files that are in the class's namespace
 */
export function describeClassSecrets(
  { secrets, values, hints }: Source,
  { namespace, listed }: { readonly namespace: string; readonly listed: readonly ListedAccount[] },
): readonly string[] {
  const chosen = chooseAccountInFiles(hints, { namespace, listed, what: 'the class' })
  const account = chosen.kind === 'chosen' ? `ServiceAccount ${chosen.name}` : 'a ServiceAccount'
  return [
    ...secrets.map((secret) =>
      describeSecret(
        secret,
        values.filter(({ to }) => to.secret === secret.name),
      ),
    ),
    row(
      'needs',
      `sync.classes of the chart, and ${account} ${enabledIn(namespace)}: Secret sync makes these Secrets`,
    ),
  ]
}
