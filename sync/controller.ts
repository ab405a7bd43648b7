import type { Clock } from '../lib/clock.ts'
import { toAkvError } from '../lib/errors/akv-error.ts'
import { untilAborted } from '../lib/server/run-until-signal.ts'
import { syncNeeds } from '../requests/access/sync-needs.ts'
import { asksForSecrets, isOff } from '../requests/account/read-account.ts'
import type { WatchMode } from '../requests/administrator/watch-mode.ts'
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
import { createFeed } from './follow/create-feed.ts'
import type { Feed } from './follow/feed.ts'
import type { SecretFigures } from './metrics/account-metrics.ts'
import { createNamespaces, type Namespaces } from './namespace/namespaces.ts'
import { createRoundPace, type RoundPace } from './pace/round-pace.ts'
import type { NextRun, Outlook } from './queue/next-run.ts'
import { workKey, workOf } from './queue/work.ts'
import { createWorkQueue, type QueuePlace, type WorkQueue } from './queue/work-queue.ts'
import { createEnabledAccounts, type EnabledAccounts } from './rights/enabled-accounts.ts'
import { createRounds, type RunRound } from './round/round.ts'
import type { RoundServices } from './round/services.ts'

export interface ControllerOptions extends Omit<RoundServices, 'sourcesOf'> {
  /** The kinds of sources to read. */
  readonly kinds: readonly SourceKind[]
  readonly watch: WatchMode
}

export interface Controller {
  /** Why the controller isn't ready yet; undefined if it is. */
  problem(): string | undefined
  isEnabled(namespace: string, account: string): boolean
  /** The API server has forbidden something in the namespace. */
  forbidden(namespace: string): void
  /** Resolves when no round is running any more, after the signal has aborted. */
  ended(): Promise<void>
}

/** Most rounds wait for a vault or the API server, so many can run at once. */
const sideBySide = 50
/** A round may read a list and write an Event. Anyone who may change an account could start rounds without end. */
const restMs = 2_000
const afterMistakeMs = 5 * 60_000
/** How long an account may request Secrets before it is enabled: its Role may be applied right after it. */
const notEnabledMs = 5_000

/**
 * Finds the namespaces in which accounts are enabled, and follows their accounts. Runs a round for an account when it changes,
 * and when its next round is due.
 */
export function startController(options: ControllerOptions): Controller {
  const { watch, cluster, outage, clock, metrics, signal } = options
  const entries = createAccountEntries()
  const queue = createWorkQueue({
    clock,
    signal,
    sideBySide,
    restMs,
    pause: outage,
    namespaceOf: (key) => workOf(key).namespace,
    run: async (key, place) => {
      const next = await run(key, place)
      // A status or an Event may be missing, and no round reports that.
      return outage.isOn() ? { afterMs: 0, outlook: next?.outlook ?? 'good' } : next
    },
  })
  async function run(key: string, place: QueuePlace): Promise<NextRun | undefined> {
    const work = workOf(key)
    if (work.kind === 'namespace') return await namespaces.work(work.namespace, place)
    const entry = entries.get(work.namespace, work.name)
    return entry && (await runSafely(entry, { ...options, runRound, place }))
  }
  const enabled = createEnabledAccounts({
    ...options,
    needs: syncNeeds(options),
    onChange: (namespace) => ours.changed(namespace),
  })
  const accounts = createFeed(watch, {
    ...options,
    kind: 'ServiceAccount',
    requests: cluster.accounts,
    onAsking: enabled.asks,
  })
  const namespaces = createNamespaces({ ...options, enabled, entries, queue })
  const runRound = createRounds({ ...options, sourcesOf: (name) => namespaces.sourcesOf(name) })
  const updates = entryUpdates({ ...options, enabled, entries, queue, namespaces })
  const ours = ourNamespaces({ ...options, enabled, accounts, namespaces, updates })
  metrics.watch({
    accounts: entries.enabled,
    secretsOf: (namespace, name) => figuresOf(entries.get(namespace, name), clock),
    queueDepth: queue.depth,
    namespaceStates: enabled.counts,
  })
  const started = Promise.race([enabled.firstLook, untilAborted(signal)]).then(() => {
    accounts.start()
    namespaces.start()
  })
  return {
    problem: () => enabled.problem() ?? accounts.problem(),
    isEnabled: enabled.has,
    forbidden: enabled.forbidden,
    async ended() {
      await started
      await Promise.all([enabled.ended(), accounts.ended(), namespaces.ended()])
      await queue.idle()
    },
  }
}

/** Begins with each namespace that becomes ours, and drops what is kept of one that isn't ours any more. Its Secrets stay. */
function ourNamespaces({
  memory,
  enabled,
  accounts,
  namespaces,
  updates,
}: Pick<ControllerOptions, 'memory'> & {
  readonly enabled: EnabledAccounts
  readonly accounts: Feed<SeenAccount>
  readonly namespaces: Namespaces
  readonly updates: EntryUpdates
}) {
  const ours = new Set<string>()
  function begin(namespace: string): void {
    ours.add(namespace)
    memory.divide(roundedCount(ours.size))
    namespaces.begin(namespace)
    accounts.begin(namespace, {
      reducer: () => updates.reduce,
      onObject: (account) => updates.onAccount(updates.reduce(account)),
      onGone: (name) => updates.onGone(namespace, name),
      onListed: () => namespaces.accountsListed(namespace),
      shouldListAgain: () => updates.hasRoomAgain(namespace),
    })
  }
  function end(namespace: string): void {
    ours.delete(namespace)
    accounts.end(namespace)
    namespaces.end(namespace)
    updates.forgetAll(namespace)
    memory.releaseAll(namespace)
    memory.divide(roundedCount(ours.size))
  }
  function changeAccounts(namespace: string): void {
    updates.forgetDisabled(namespace)
    // Nothing but a request has been kept of an account that is enabled now.
    accounts.listAgain(namespace)
    namespaces.changed(namespace)
  }
  return {
    changed(namespace: string): void {
      const isOurs = enabled.of(namespace).size > 0
      if (isOurs && ours.has(namespace)) changeAccounts(namespace)
      else if (isOurs) begin(namespace)
      else if (ours.has(namespace)) end(namespace)
    },
  }
}

/** Dividing the memory anew looks through all namespaces, so it isn't done for each of them. */
const roundedCount = (count: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, count)))

type EntryUpdates = ReturnType<typeof entryUpdates>

/** Keeps the entries up to date with what the watches see, and queues rounds for accounts that have changed. */
function entryUpdates({
  enabled,
  memory,
  entries,
  queue,
  namespaces,
}: Pick<ControllerOptions, 'memory'> & {
  readonly enabled: EnabledAccounts
  readonly entries: AccountEntries
  readonly queue: WorkQueue
  readonly namespaces: Namespaces
}) {
  const isListed = ({ namespace, name }: SeenAccount) => enabled.has(namespace, name)
  function forget(namespace: string, name: string): void {
    const entry = entries.get(namespace, name)
    entry?.running?.abort()
    entries.delete(namespace, name)
    releaseAccount(memory, { namespace, name })
    queue.drop(workKey({ kind: 'account', namespace, name }))
    if (entry?.isListed) namespaces.changed(namespace)
  }
  function onAccount(seen: SeenAccount): boolean {
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
    if (!entry.isListed) enabled.asks(namespace)
    // The account may now be the one to read a source, or not any more.
    else namespaces.changed(namespace)
    if (namespaces.isReady(namespace))
      queue.add(workKey({ kind: 'account', namespace, name }), {
        afterMs: entry.isListed ? 0 : notEnabledMs,
        outlook: outlookOfChanged(entry),
      })
    return isKept
  }
  return {
    reduce: (account: SeenAccount) => (isListed(account) ? account : withoutDetails(account)),
    onAccount,
    onGone: forget,
    /** Forgets the details of accounts that aren't enabled any more. */
    forgetDisabled(namespace: string): void {
      for (const { account, isListed: wasListed } of entries.within(namespace))
        if (wasListed && !isListed(account)) onAccount(withoutDetails(account))
    },
    forgetAll(namespace: string): void {
      for (const { account, running } of entries.within(namespace)) {
        running?.abort()
        queue.drop(workKey({ ...account, kind: 'account' }))
      }
      entries.deleteAll(namespace)
    },
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
  if (entry?.account.uid !== account.uid || entry.isListed !== isListed) {
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
  const paced = createRoundPace(pace, { place, onStop: () => entry.running?.abort() })
  try {
    const afterMs = await runRound(entry, paced)
    entry.outlook = outlookAfter(entry, paced)
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
