import { backoffMs } from '../lib/backoff.ts'
import type { Clock } from '../lib/clock.ts'
import { AkvError } from '../lib/errors/akv-error.ts'
import type { Log } from '../lib/log.ts'
import { reasonOf } from '../lib/reason-of.ts'
import type { SeenAccount, SyncCluster } from './cluster/cluster-port.ts'

export interface WatchAccountsLoop {
  readonly cluster: Pick<SyncCluster, 'listAccounts' | 'watchAccounts'>
  readonly namespace: string
  /** What is to be kept of an account. */
  readonly reduce: (account: SeenAccount) => SeenAccount
  /** Called for each account that is new or has changed. */
  readonly onAccount: (account: SeenAccount) => void
  readonly onGone: (name: string) => void
  /** After the first list, when all accounts are known. */
  readonly onListed: () => void
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

const firstPauseMs = 1_000
const longestPauseMs = 30_000
const backoff = { firstMs: firstPauseMs, longestMs: longestPauseMs, jitter: 'half' } as const

/**
 * Tells of the ServiceAccounts of a namespace until `signal` aborts: a list, then watches, each from where the one
 * before ended. Whatever fails, the API server's restart or a version that it has forgotten, is healed by a new list.
 */
export async function watchAccounts(options: WatchAccountsLoop): Promise<void> {
  const { namespace, clock, log, signal } = options
  const seen = seenAccounts(options)
  let failures = 0
  /** It has been logged that the accounts can't be watched. */
  let isBlind = false
  let listedAtMs = Number.POSITIVE_INFINITY
  while (!signal.aborted) {
    try {
      let version = await list(options, seen)
      listedAtMs = clock.now()
      for (;;) {
        const startedAtMs = clock.now()
        version = await options.cluster.watchAccounts({
          namespace,
          resourceVersion: version,
          onOpen() {
            if (isBlind) log.info('ServiceAccount watch restored', { namespace })
            isBlind = false
          },
          onAccount: (account) => seen.note(options.reduce(account)),
          onGone: seen.drop,
          signal,
        })
        if (signal.aborted) return
        failures = 0
        // An API server that ends watches at once is not to be asked a thousand times a second.
        await clock.sleep(Math.max(0, firstPauseMs - (clock.now() - startedAtMs)), signal)
      }
    } catch (error) {
      if (signal.aborted) return
      // One that broke off after a while doesn't add to failures of long ago.
      failures = clock.now() - listedAtMs > longestPauseMs ? 1 : failures + 1
      listedAtMs = Number.POSITIVE_INFINITY
      if (failures === 2 && !isBlind) {
        log.warn('cannot watch ServiceAccounts', { namespace, ...details(error) })
        isBlind = true
      }
      await clock.sleep(backoffMs({ ...backoff, failures, clock }), signal)
    }
  }
}

const details = (error: unknown) => ({
  ...(error instanceof AkvError && { code: error.code }),
  reason: reasonOf(error),
})

type Seen = ReturnType<typeof seenAccounts>

async function list({ cluster, namespace, reduce, onListed }: WatchAccountsLoop, seen: Seen) {
  const { accounts, resourceVersion } = await cluster.listAccounts(namespace, reduce)
  seen.replace(accounts)
  onListed()
  return resourceVersion
}

/** Which accounts there are, so that a list can tell what has gone and what is as it was. */
function seenAccounts({ onAccount, onGone }: WatchAccountsLoop) {
  const versions = new Map<string, string>()
  const note = (account: SeenAccount) => {
    if (versions.get(account.name) === account.resourceVersion) return
    versions.set(account.name, account.resourceVersion)
    onAccount(account)
  }
  const drop = (name: string) => {
    if (versions.delete(name)) onGone(name)
  }
  return {
    note,
    drop,
    replace(accounts: readonly SeenAccount[]) {
      const names = new Set(accounts.map(({ name }) => name))
      for (const name of [...versions.keys()]) if (!names.has(name)) drop(name)
      for (const account of accounts) note(account)
    },
  }
}
