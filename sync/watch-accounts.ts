import { backoffMs } from '../lib/backoff.ts'
import type { Clock } from '../lib/clock.ts'
import { AkvError } from '../lib/errors/akv-error.ts'
import type { Log } from '../lib/log/log.ts'
import { reasonOf } from '../lib/reason-of.ts'
import type { SeenAccount, SyncCluster } from './cluster/cluster-port.ts'

export interface WatchAccountsLoop {
  readonly cluster: Pick<SyncCluster, 'listAccounts' | 'watchAccounts'>
  readonly namespace: string
  /** Drops the parts of an account that need not be kept. */
  readonly reduce: (account: SeenAccount) => SeenAccount
  /** Called for each account that is new or has changed. */
  readonly onAccount: (account: SeenAccount) => void
  readonly onGone: (name: string) => void
  /** Called after the first list, when all accounts are known. */
  readonly onListed: () => void
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

const firstPauseMs = 1_000
const longestPauseMs = 30_000
const backoff = { firstMs: firstPauseMs, longestMs: longestPauseMs, jitter: 'half' } as const

/**
 * Reports the ServiceAccounts of a namespace until `signal` aborts: first a list, then watches, each of which continues
 * where the previous one ended. After any failure, such as a restart of the API server or an expired version, it lists
 * again.
 */
export async function watchAccounts(options: WatchAccountsLoop): Promise<void> {
  const { clock, signal } = options
  const seen = seenAccounts(options)
  const health = watchHealth(options)
  while (!signal.aborted) {
    try {
      const version = await list(options, seen)
      health.listed()
      await watchFrom(version, { options, seen, health })
    } catch (error) {
      if (signal.aborted) return
      const failures = health.failed(error)
      await clock.sleep(backoffMs({ ...backoff, failures, clock }), signal)
    }
  }
}

/** Watches again and again, until a watch fails or `signal` aborts. */
async function watchFrom(
  resourceVersion: string,
  { options, seen, health }: { options: WatchAccountsLoop; seen: Seen; health: WatchHealth },
): Promise<void> {
  const { cluster, namespace, reduce, clock, signal } = options
  let version = resourceVersion
  while (!signal.aborted) {
    const startedAtMs = clock.now()
    version = await cluster.watchAccounts({
      namespace,
      resourceVersion: version,
      onOpen: health.opened,
      onAccount: (account) => seen.note(reduce(account)),
      onGone: seen.drop,
      signal,
    })
    health.ended()
    // If the API server ends watches at once, we must not send a thousand requests per second.
    if (!signal.aborted)
      await clock.sleep(Math.max(0, firstPauseMs - (clock.now() - startedAtMs)), signal)
  }
}

type WatchHealth = ReturnType<typeof watchHealth>

/** Counts consecutive failures. Logs when watching keeps failing, and when it works again. */
function watchHealth({ namespace, clock, log }: WatchAccountsLoop) {
  let failures = 0
  /** Whether it has been logged that the accounts can't be watched. */
  let isBlind = false
  let listedAtMs = Number.POSITIVE_INFINITY
  return {
    listed(): void {
      listedAtMs = clock.now()
    },
    opened(): void {
      if (isBlind) log.info('ServiceAccount watch restored', { namespace })
      isBlind = false
    },
    ended(): void {
      failures = 0
    },
    /** @returns how many times in a row it has failed */
    failed(error: unknown): number {
      // If a watch worked for a while, earlier failures no longer count.
      failures = clock.now() - listedAtMs > longestPauseMs ? 1 : failures + 1
      listedAtMs = Number.POSITIVE_INFINITY
      if (failures === 2 && !isBlind) {
        log.warn('cannot watch ServiceAccounts', { namespace, ...details(error) })
        isBlind = true
      }
      return failures
    },
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

/** The known accounts, to find out from a new list which ones were deleted and which ones haven't changed. */
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
