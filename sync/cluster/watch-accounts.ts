import type { SeenAccount, SyncCluster } from './cluster-port.ts'
import { type WatchObjectsLoop, watchObjects } from './watch-objects.ts'

interface WatchAccountsLoop
  extends Pick<
    WatchObjectsLoop<SeenAccount>,
    'namespace' | 'onGone' | 'onListed' | 'shouldListAgain' | 'clock' | 'log' | 'signal'
  > {
  readonly cluster: Pick<SyncCluster, 'listAccounts' | 'watchAccounts'>
  /** Drops the parts of an account that need not be kept. */
  readonly reduce: (account: SeenAccount) => SeenAccount
  /** Called for each account that is new or has changed. False: there was no room for it. */
  readonly onAccount: (account: SeenAccount) => boolean
}

/** Reports the ServiceAccounts of a namespace until `signal` aborts. */
export async function watchAccounts(options: WatchAccountsLoop): Promise<void> {
  const { cluster, reduce, onAccount, ...loop } = options
  await watchObjects({
    ...loop,
    kind: 'ServiceAccount',
    list: (namespace) => cluster.listAccounts(namespace, reduce),
    watch: ({ onObject, ...watch }) =>
      cluster.watchAccounts({ ...watch, onObject: (account) => onObject(reduce(account)) }),
    onObject: onAccount,
  })
}
