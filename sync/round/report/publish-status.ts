import { toAkvError } from '../../../lib/errors/akv-error.ts'
import type { Log } from '../../../lib/log/log.ts'
import type { AccountEntry } from '../../account/account-entry.ts'
import type { ApiServerOutage } from '../../cluster/api-server-outage.ts'
import type { SeenAccount, SyncCluster } from '../../cluster/cluster-port.ts'
import { statusText } from '../../plan/account-status.ts'
import type { RoundResult } from '../result/round-result.ts'
import { statusEntries } from './status-entries.ts'

/**
 * Writes the status of an account's Secrets into its annotation `akv-injector.io/sync-status`, if that has another text.
 * Removes the annotation if the account has no Secrets. The status is for people: if it can't be written, everything else
 * continues.
 *
 * @param round - `account`: as it was when the round began; `found`: absent if the round hasn't read the Secrets
 */
export async function publishStatus(
  entry: AccountEntry,
  {
    account,
    found,
    log,
    cluster,
    outage,
  }: {
    readonly account: SeenAccount
    readonly found: RoundResult['found']
    readonly log: Log
    readonly cluster: Pick<SyncCluster, 'writeStatus'>
    readonly outage: ApiServerOutage
  },
): Promise<void> {
  const { secrets } = entry.state
  const isCurrent = !entry.isStatusRefused
  const status = statusText(statusEntries({ secrets, found, published: account.status, isCurrent }))
  if (status === account.status) return
  try {
    await cluster.writeStatus(account, status)
    entry.isStatusRefused = false
    entry.isStatusRefusalLogged = false
    const { status: _, ...others } = account
    // The watch may have seen a newer version of the account meanwhile.
    if (entry.account === account)
      entry.account = { ...others, ...(status !== undefined && { status }) }
  } catch (thrown) {
    entry.isStatusRefused = true
    if (entry.isStatusRefusalLogged || (await outage.explains(thrown))) return
    entry.isStatusRefusalLogged = true
    const { code, message } = toAkvError(thrown)
    log.warn(`cannot write the status: ${message}`, { code })
  }
}
