import { accountEntry } from '../../../sync/account/account-entry.ts'
import type { SyncCluster } from '../../../sync/cluster/cluster-port.ts'
import { createRounds } from '../../../sync/round/round.ts'
import { memoryServices } from './memory-services.ts'

/** What an account requests, and what its vault has. */
export interface Wish {
  readonly uid: string
  /** Undefined: the account requests nothing. */
  readonly sync: string | undefined
  readonly values: Readonly<Record<string, string>>
}

const azure = {
  'azure.workload.identity/client-id': '22222222-2222-2222-2222-222222222222',
  'azure.workload.identity/tenant-id': '11111111-1111-1111-1111-111111111111',
  'akv-injector.io/vault': 'team-a',
}
const syncs = 'akv-injector.io/sync'

/** Runs one round of the account `team-a/web`, as a controller that has just started. */
export async function runRound(
  cluster: SyncCluster,
  { uid, sync, values }: Wish,
  signal?: AbortSignal,
): Promise<void> {
  const identity = { namespace: 'team-a', name: 'web', uid, resourceVersion: '1' }
  const account = {
    ...identity,
    annotations: sync === undefined ? {} : { ...azure, [syncs]: sync },
  }
  const { services } = memoryServices({ cluster, values, signal })
  await createRounds(services)(accountEntry(account, true))
}
