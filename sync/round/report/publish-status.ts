import { type AkvError, toAkvError } from '../../../lib/errors/akv-error.ts'
import type { AccountState } from '../../account/account-state.ts'
import type { SeenAccount, SyncCluster } from '../../cluster/cluster-port.ts'
import { statusText } from '../../plan/account-status.ts'

export type PublishedStatus =
  | { readonly kind: 'unchanged' }
  /** `account`: as it is now */
  | { readonly kind: 'written'; readonly account: SeenAccount }
  | { readonly kind: 'refused'; readonly error: AkvError }

/**
 * Writes the status of an account's Secrets into its annotation `akv-injector.io/sync-status`, if that has another text.
 * Removes the annotation if the account asks for no Secrets.
 */
export async function publishStatus({
  account,
  secrets,
  cluster,
}: {
  readonly account: SeenAccount
  readonly secrets: AccountState['secrets']
  readonly cluster: Pick<SyncCluster, 'writeStatus'>
}): Promise<PublishedStatus> {
  const status = statusText(secrets)
  if (status === account.status) return { kind: 'unchanged' }
  try {
    await cluster.writeStatus(account, status)
    const { status: _, ...others } = account
    return {
      kind: 'written',
      account: { ...others, ...(status !== undefined && { status }) },
    }
  } catch (thrown) {
    return { kind: 'refused', error: toAkvError(thrown) }
  }
}
