import { hasHash } from '../../../command/grants/credential-name.ts'
import { hasPlaceholder } from '../../input/placeholders/open-names.ts'

interface AccountName {
  readonly namespace: string
  readonly account: string
}

/** Whether the name of an account's credential is unknown without the value of a placeholder: it has a hash of that value. */
export const isCredentialOpen = ({ namespace, account }: AccountName): boolean =>
  hasHash(namespace, account) && hasPlaceholder(namespace + account)

/** A mistake about each such account, as `sortOutMistakes` takes them. */
export const openCredentials = (accounts: readonly AccountName[]): readonly (readonly string[])[] =>
  [...new Map(accounts.map((one) => [`${one.namespace}/${one.account}`, one])).values()]
    .filter(isCredentialOpen)
    .map(({ namespace, account }) => [
      `ServiceAccount/${account}: gets no commands`,
      `the name of its credential depends on ${namespace}/${account}`,
    ])
