import type { Clock } from '../lib/clock.ts'
import { toAkvError } from '../lib/errors/akv-error.ts'
import type { SeenAccount } from './cluster/cluster-port.ts'
import { withoutDetails } from './cluster/seen-account.ts'
import type { SecretFigures } from './metrics.ts'
import { isOff } from './request/read-account.ts'
import { type AccountEntry, accountEntry, type SecretStatus } from './round/account-entry.ts'
import { accountLog } from './round/account-log.ts'
import { type WorkAccountOptions, workAccount } from './round/work-account.ts'
import { watchAccounts } from './watch-accounts.ts'
import { createWorkQueue, type NextRun } from './work-queue.ts'

export interface ControllerOptions extends WorkAccountOptions {
  /** The accounts to act for, by namespace. */
  readonly accounts: ReadonlyMap<string, ReadonlySet<string>>
}

export interface Controller {
  /** Why not everything is known yet, or undefined. */
  problem(): string | undefined
  /** When nothing runs any more, after the signal has aborted. */
  ended(): Promise<void>
}

/** Many wait for a vault or the API server most of the time; a vault that hangs must not keep the others. */
const sideBySide = 50
/** Each round may be a list to read and an Event to write: whoever may change an account may do so all the time. */
const restMs = 2_000
const afterMistakeMs = 5 * 60_000

/** Watches the accounts of all namespaces and works on each when it changes, and when its time has come. */
export function startController(options: ControllerOptions): Controller {
  const { accounts, clock, metrics, signal } = options
  const entries = new Map<string, AccountEntry>()
  const unlisted = new Set(accounts.keys())

  const queue = createWorkQueue({
    clock,
    signal,
    sideBySide,
    restMs,
    run: async (key) => {
      const entry = entries.get(key)
      return entry && (await work(entry, options))
    },
  })

  const isListed = ({ namespace, name }: SeenAccount) => accounts.get(namespace)?.has(name) === true

  function onAccount(account: SeenAccount): void {
    const key = keyOf(account.namespace, account.name)
    const entry = entries.get(key)
    if (entry?.account.uid === account.uid) {
      const isSame = haveSameAnnotations(entry.account, account)
      entry.account = account
      if (isSame) return
      entry.isChanged = true
      if (isOff(account)) entry.off.abort()
    } else {
      entry?.gone.abort()
      entries.set(key, accountEntry(account, isListed(account)))
    }
    const { outlook } = entries.get(key) ?? {}
    queue.add(key, { afterMs: 0, outlook: outlook === 'good' ? 'good' : 'unknown' })
  }

  function onGone(namespace: string, name: string): void {
    const key = keyOf(namespace, name)
    entries.get(key)?.gone.abort()
    entries.delete(key)
    queue.drop(key)
  }

  const watches = [...accounts.keys()].map((namespace) =>
    watchAccounts({
      ...options,
      namespace,
      reduce: (account) => (isListed(account) ? account : withoutDetails(account)),
      onAccount,
      onGone: (name) => onGone(namespace, name),
      onListed: () => unlisted.delete(namespace),
    }),
  )
  metrics.watch({ secrets: () => figuresOf(entries, clock), queueDepth: queue.depth })
  return {
    problem: () =>
      unlisted.size === 0
        ? undefined
        : `has not seen the ServiceAccounts of namespace ${[...unlisted].join(', ')} yet`,
    async ended() {
      await Promise.all(watches)
      await queue.idle()
    },
  }
}

/** A mistake of ours in one account must not end the others. */
async function work(
  entry: AccountEntry,
  options: WorkAccountOptions,
): Promise<NextRun | undefined> {
  try {
    const afterMs = await workAccount(entry, options)
    entry.outlook = entry.failedRounds > 0 ? 'failing' : 'good'
    return afterMs === undefined ? undefined : { afterMs, outlook: entry.outlook }
  } catch (thrown) {
    const { code, message } = toAkvError(thrown)
    accountLog(options.log, entry.account).error(message, { code })
    return { afterMs: afterMistakeMs, outlook: 'failing' }
  }
}

const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`

function haveSameAnnotations(a: SeenAccount, b: SeenAccount): boolean {
  const sorted = ({ annotations }: SeenAccount) =>
    JSON.stringify(Object.entries(annotations).sort())
  return sorted(a) === sorted(b)
}

/** Never 0 for a Secret that fails, however short that has lasted. */
function staleSeconds({ failing, dueAtMs }: SecretStatus, nowMs: number): number {
  const overdueMs = Math.max(0, nowMs - dueAtMs)
  return failing === undefined
    ? overdueMs / 1000
    : Math.max(1, overdueMs / 1000, (nowMs - failing.sinceMs) / 1000)
}

function* figuresOf(
  entries: ReadonlyMap<string, AccountEntry>,
  clock: Clock,
): Generator<SecretFigures> {
  for (const { account, secrets } of entries.values())
    for (const { failing, dueAtMs } of secrets.values())
      yield {
        namespace: account.namespace,
        account: account.name,
        isSynced: failing === undefined,
        staleSeconds: staleSeconds({ failing, dueAtMs }, clock.now()),
      }
}
