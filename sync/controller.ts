import type { Clock } from '../lib/clock.ts'
import { toAkvError } from '../lib/errors/akv-error.ts'
import { asksForSecrets, isOff } from '../requests/account/read-account.ts'
import type { SourceKind } from '../requests/secret/source-ref.ts'
import { type AccountEntries, createAccountEntries } from './account/account-entries.ts'
import {
  type AccountEntry,
  accountEntry,
  accountLog,
  outlookOfChanged,
} from './account/account-entry.ts'
import { hasRoomAgain, holdAccount, releaseAccount } from './account/account-memory.ts'
import type { SecretStatus } from './account/account-state.ts'
import type { SeenAccount } from './cluster/cluster-port.ts'
import { withoutDetails } from './cluster/seen-account.ts'
import { watchObjects } from './cluster/watch-objects.ts'
import type { SecretFigures } from './metrics/account-metrics.ts'
import { createNamespaces, type Namespaces } from './namespace/namespaces.ts'
import { createRoundPace, type RoundPace } from './pace/round-pace.ts'
import type { NextRun, Outlook } from './queue/next-run.ts'
import { workKey, workOf } from './queue/work.ts'
import { createWorkQueue, type QueuePlace, type WorkQueue } from './queue/work-queue.ts'
import { createRounds, type RunRound } from './round/round.ts'
import type { RoundServices } from './round/services.ts'

export interface ControllerOptions extends Omit<RoundServices, 'sourcesOf'> {
  /** The accounts to act for, by namespace. */
  readonly accounts: ReadonlyMap<string, ReadonlySet<string>>
  /** The kinds of sources to read in these namespaces. */
  readonly kinds: readonly SourceKind[]
}

export interface Controller {
  /** Why the controller isn't ready yet; undefined if it is. */
  problem(): string | undefined
  /** Resolves when no round is running any more, after the signal has aborted. */
  ended(): Promise<void>
}

/** Most rounds wait for a vault or the API server, so many can run at once. */
const sideBySide = 50
/** A round may read a list and write an Event. Anyone who may change an account could start rounds without end. */
const restMs = 2_000
const afterMistakeMs = 5 * 60_000

/** Watches the accounts of all namespaces. Runs a round for an account when it changes, and when its next round is due. */
export function startController(options: ControllerOptions): Controller {
  const { accounts, clock, metrics, signal } = options
  const entries = createAccountEntries()
  const queue = createWorkQueue({
    clock,
    signal,
    sideBySide,
    restMs,
    namespaceOf: (key) => workOf(key).namespace,
    run: async (key, place) => {
      const work = workOf(key)
      if (work.kind === 'namespace') return await namespaces.work(work.namespace, place)
      const entry = entries.get(work.namespace, work.name)
      return entry && (await runSafely(entry, { ...options, runRound, place }))
    },
  })
  const namespaces = createNamespaces({ ...options, entries, queue })
  const runRound = createRounds({ ...options, sourcesOf: namespaces.sourcesOf })
  const unlistedNamespaces = new Set(accounts.keys())
  const updates = entryUpdates({ ...options, entries, queue, namespaces })
  const watches = [...accounts.keys()].map((namespace) =>
    watchObjects({
      ...options,
      kind: 'ServiceAccount',
      namespace,
      list: () => options.cluster.accounts.list(namespace, updates.reduce),
      watch: options.cluster.accounts.watch,
      onObject: (account) => updates.onAccount(updates.reduce(account)),
      onGone: (name) => updates.onGone(namespace, name),
      shouldListAgain: () => updates.hasRoomAgain(namespace),
      onListed: () => {
        unlistedNamespaces.delete(namespace)
        namespaces.accountsListed(namespace)
      },
    }),
  )
  metrics.watch({
    secretsOf: (namespace, name) => figuresOf(entries.get(namespace, name), clock),
    queueDepth: queue.depth,
  })
  return {
    problem: () => unlistedProblem(unlistedNamespaces),
    async ended() {
      await Promise.all([...watches, namespaces.ended()])
      await queue.idle()
    },
  }
}

const unlistedProblem = (namespaces: ReadonlySet<string>): string | undefined =>
  namespaces.size === 0
    ? undefined
    : `the ServiceAccounts of these namespaces have not been listed yet: ${[...namespaces].join(', ')}`

/** Keeps the entries up to date with what the watches see, and queues rounds for accounts that have changed. */
function entryUpdates({
  accounts,
  memory,
  entries,
  queue,
  namespaces,
}: Pick<ControllerOptions, 'accounts' | 'memory'> & {
  readonly entries: AccountEntries
  readonly queue: WorkQueue
  readonly namespaces: Namespaces
}) {
  const isListed = ({ namespace, name }: SeenAccount) => accounts.get(namespace)?.has(name) === true
  function forget(namespace: string, name: string): void {
    const entry = entries.get(namespace, name)
    entry?.running?.abort()
    entries.delete(namespace, name)
    releaseAccount(memory, { namespace, name })
    queue.drop(workKey({ kind: 'account', namespace, name }))
    if (entry?.isListed) namespaces.changed(namespace)
  }
  return {
    reduce: (account: SeenAccount) => (isListed(account) ? account : withoutDetails(account)),
    onAccount(seen: SeenAccount): boolean {
      const { namespace, name } = seen
      // A namespace may have any number of accounts that aren't for us.
      if (!isListed(seen) && !asksForSecrets(seen)) {
        forget(namespace, name)
        return true
      }
      const account = holdAccount(memory, seen)
      const isKept = account.neededBytes === undefined
      if (!isKept && !isListed(seen)) {
        // Only an Event would say that it isn't enabled, and there may be any number of such accounts.
        forget(namespace, name)
        return true
      }
      const entry = updatedEntry(entries.get(namespace, name), {
        account,
        isListed: isListed(account),
      })
      if (entry === undefined) return isKept
      entries.set(entry)
      // The account may now be the one to read a source, or not any more.
      if (isListed(account)) namespaces.changed(namespace)
      if (namespaces.isReady(namespace))
        queue.add(workKey({ kind: 'account', namespace, name }), {
          afterMs: 0,
          outlook: outlookOfChanged(entry),
        })
      return isKept
    },
    onGone: forget,
    /** Whether there is room now for a listed account of the namespace that there was none for. */
    hasRoomAgain: (namespace: string): boolean =>
      entries.within(namespace).some(({ account }) => hasRoomAgain(memory, account)),
  }
}

/** Returns the entry of an account as it is now. Undefined if nothing that a round reads has changed. */
function updatedEntry(
  entry: AccountEntry | undefined,
  { account, isListed }: { readonly account: SeenAccount; readonly isListed: boolean },
): AccountEntry | undefined {
  if (entry?.account.uid !== account.uid) {
    entry?.running?.abort()
    return accountEntry(account, isListed)
  }
  const isSame =
    entry.account.neededBytes === account.neededBytes && haveSameAnnotations(entry.account, account)
  entry.account = account
  if (isSame) return undefined
  entry.isChanged = true
  if (isOff(account)) entry.running?.abort()
  return entry
}

/** A bug that shows with one account must not stop the rounds of all others. */
async function runSafely(
  entry: AccountEntry,
  {
    runRound,
    place,
    pace,
    log,
  }: Pick<RoundServices, 'pace' | 'log'> & {
    readonly runRound: RunRound
    readonly place: QueuePlace
  },
): Promise<NextRun | undefined> {
  const { isChanged } = entry
  const paced = createRoundPace(pace, { place, onStop: () => entry.running?.abort() })
  try {
    const afterMs = await runRound(entry, paced)
    entry.outlook = outlookAfter(entry, paced)
    if (paced.isStopped()) {
      entry.isChanged ||= isChanged
      return { afterMs: 0, outlook: entry.outlook }
    }
    return afterMs === undefined ? undefined : { afterMs, outlook: entry.outlook }
  } catch (thrown) {
    const { code, message } = toAkvError(thrown)
    accountLog(log, entry.account).error(message, { code })
    return { afterMs: afterMistakeMs, outlook: 'failing' }
  }
}

const outlookAfter = ({ state }: AccountEntry, pace: RoundPace): Outlook =>
  pace.isSlow() ? 'slow' : state.failedRounds > 0 ? 'failing' : 'good'

function haveSameAnnotations(a: SeenAccount, b: SeenAccount): boolean {
  const sorted = ({ annotations }: SeenAccount) =>
    JSON.stringify(Object.entries(annotations).sort())
  return sorted(a) === sorted(b)
}

/** At least 1 for a failing Secret, so that 0 means that all is well. */
function staleSeconds({ failing, dueAtMs }: SecretStatus, nowMs: number): number {
  const overdueMs = Math.max(0, nowMs - dueAtMs)
  return failing === undefined
    ? overdueMs / 1000
    : Math.max(1, overdueMs / 1000, (nowMs - failing.sinceMs) / 1000)
}

const figuresOf = (entry: AccountEntry | undefined, clock: Clock): readonly SecretFigures[] =>
  [...(entry?.state.secrets.values() ?? [])].map(({ failing, dueAtMs }) => ({
    isSynced: failing === undefined,
    staleSeconds: staleSeconds({ failing, dueAtMs }, clock.now()),
  }))
