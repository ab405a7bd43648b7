import { toAkvError } from '../../lib/errors/akv-error.ts'
import type { Log } from '../../lib/log.ts'
import type { SyncCluster } from '../cluster/cluster-port.ts'
import { statusText } from '../plan/account-status.ts'
import type { AccountEntry } from './account-entry.ts'

/**
 * Writes how the Secrets of an account fare into its annotation `akv-injector.io/sync-status`, if that says otherwise;
 * takes it off if the account asks for none. It is for people: that it can't be written keeps nothing else from working.
 */
export async function publishStatus(
  entry: AccountEntry,
  { cluster, log }: { readonly cluster: Pick<SyncCluster, 'writeStatus'>; readonly log: Log },
): Promise<void> {
  const { account } = entry
  const status = statusText(entry.secrets)
  if (status === account.status) return
  try {
    await cluster.writeStatus(account, status)
    entry.isStatusRefused = false
    // The watch may have told of something newer meanwhile.
    if (entry.account === account) entry.account = withStatus(account, status)
  } catch (thrown) {
    const { code, message } = toAkvError(thrown)
    if (!entry.isStatusRefused) log.warn(`the status is not written: ${message}`, { code })
    entry.isStatusRefused = true
  }
}

const withStatus = (
  { status: _, ...account }: AccountEntry['account'],
  status: string | undefined,
): AccountEntry['account'] => ({ ...account, ...(status !== undefined && { status }) })
