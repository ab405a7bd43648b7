import type { Clock } from '../../lib/clock.ts'
import { toAkvError } from '../../lib/errors/akv-error.ts'
import { createTokenBuckets } from '../../lib/fair/token-buckets.ts'
import type { Log } from '../../lib/log/log.ts'
import type { NeededAccess } from '../../requests/access/sync-needs.ts'
import type { ApiServerOutage } from '../cluster/api-server-outage.ts'
import type { SyncCluster } from '../cluster/cluster-port.ts'
import { watchObjects } from '../cluster/watch-objects.ts'
import type { FairShares } from '../memory/fair-shares.ts'
import type { NextRun } from '../queue/next-run.ts'
import { createWorkQueue } from '../queue/work-queue.ts'
import { describeRights, type KnownRights, type RightsState, stateOf } from './describe-rights.ts'
import { createFirstLook } from './first-look.ts'
import { heldNames, releaseNames } from './held-names.ts'
import { reviewRights } from './review-rights.ts'
import { createUrgent } from './urgent.ts'

interface EnabledAccountsOptions {
  readonly cluster: Pick<SyncCluster, 'namespaces' | 'reviewRules' | 'reviewAccess'>
  readonly outage: ApiServerOutage
  /** What the controller needs in a namespace besides the tokens and the statuses of accounts. */
  readonly needs: readonly NeededAccess[]
  readonly memory: FairShares
  /** Called when the enabled accounts of a namespace have changed. */
  readonly onChange: (namespace: string) => void
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

interface KnownNamespace extends KnownRights {
  readonly uid: string
}

export type EnabledAccounts = ReturnType<typeof createEnabledAccounts>

/** Most reviews wait for the API server. */
const sideBySide = 12
/** The minimum pause between two reviews of a namespace. */
const restMs = 5_000
const regularMs = 5 * 60_000
const urgentMs = 30_000
/** Whoever applies an account and its Role together has done so after this time. */
const appliedMs = 2_000
const none: ReadonlySet<string> = new Set()

/** Knows which accounts their owners have enabled: those for which RBAC lets the controller create tokens, by name. */
export function createEnabledAccounts(options: EnabledAccountsOptions) {
  const { clock, signal, onChange, memory } = options
  const all = new Map<string, KnownNamespace>()
  const urgent = createUrgent(clock)
  const report = rightsReport(options)
  const firstLook = createFirstLook(options)
  const accountsOf = (known: KnownRights | undefined) =>
    known?.isTerminating === false ? (known.rights?.accounts ?? none) : none

  const queue = createWorkQueue({
    clock,
    signal,
    sideBySide,
    restMs,
    pause: options.outage,
    namespaceOf: (name) => name,
    run,
  })
  function set(namespace: string, known: KnownNamespace): void {
    const before = all.get(namespace)
    all.set(namespace, known)
    report.changed(namespace, known)
    if (!isSameSet(accountsOf(before), accountsOf(known))) onChange(namespace)
  }
  async function run(namespace: string): Promise<NextRun | undefined> {
    const before = all.get(namespace)
    if (before === undefined || before.isTerminating) return undefined
    const reviewed = await review(namespace, { ...options, before })
    if (reviewed === undefined) return { afterMs: 0, outlook: 'good' }
    // It may have been deleted meanwhile. If it has been created again, that has made it due.
    const now = all.get(namespace)
    if (now?.uid !== before.uid) return undefined
    firstLook.reviewed(namespace, reviewed.failure)
    set(namespace, { ...reviewed, uid: now.uid, isTerminating: now.isTerminating })
    if (stateOf(reviewed) === 'lacking' || stateOf(reviewed) === 'unnamed') urgent.add(namespace)
    const isUrgent = reviewed.failure !== undefined || urgent.has(namespace)
    const afterMs = isUrgent ? urgentMs : regularMs * (0.8 + 0.4 * clock.random())
    return { afterMs, outlook: reviewed.failure === undefined ? 'good' : 'failing' }
  }
  const lookAt = (namespace: string, afterMs = 0) =>
    queue.add(namespace, { afterMs, outlook: 'good' })
  const watching = watchObjects({
    ...options,
    kind: 'Namespace',
    namespace: '',
    list: () => options.cluster.namespaces.list(''),
    watch: options.cluster.namespaces.watch,
    onObject({ name, uid, isTerminating }): undefined {
      const before = all.get(name)
      set(name, { ...(before ?? unknownRights), uid, isTerminating })
      if (isTerminating) return void firstLook.reviewed(name, undefined)
      if (before !== undefined && !before.isTerminating) return undefined
      firstLook.found(name)
      lookAt(name)
    },
    onGone(name) {
      const before = all.get(name)
      all.delete(name)
      queue.drop(name)
      urgent.delete(name)
      report.gone(name)
      firstLook.reviewed(name, undefined)
      releaseNames(memory, name)
      if (accountsOf(before).size > 0) onChange(name)
    },
    onListed: firstLook.listed,
  })
  return {
    /** The names of the enabled accounts of a namespace. If there are any, the namespace is ours. */
    of: (namespace: string): ReadonlySet<string> => accountsOf(all.get(namespace)),
    has: (namespace: string, name: string): boolean => accountsOf(all.get(namespace)).has(name),
    /** The namespaces that have enabled accounts. */
    namespaces: (): readonly string[] =>
      [...all].flatMap(([namespace, known]) => (accountsOf(known).size > 0 ? [namespace] : [])),
    /** Something in the namespace asks for Secrets, and no account has been enabled for it. Looks again soon, and often. */
    asks(namespace: string): void {
      if (all.has(namespace) && urgent.add(namespace)) lookAt(namespace, appliedMs)
    },
    /** The API server has forbidden something in the namespace. */
    forbidden(namespace: string): void {
      if (all.has(namespace) && urgent.mayLookAtOnce(namespace)) lookAt(namespace)
    },
    /** Resolves when all namespaces have been looked at, or have had the time for it. */
    firstLook: firstLook.done,
    /** Why it isn't known yet which accounts are enabled. */
    problem: firstLook.problem,
    /** How many namespaces have each state. */
    counts: (): ReadonlyMap<RightsState, number> => report.counts(all.values()),
    async ended(): Promise<void> {
      await watching
      await queue.idle()
    },
  }
}

const unknownRights: KnownRights = { rights: undefined, isTerminating: false, failure: undefined }

/** Asks for the rights in a namespace. If that fails, those that were known stay. Undefined in an outage of the API server. */
async function review(
  namespace: string,
  {
    cluster,
    outage,
    needs,
    memory,
    before,
  }: Pick<EnabledAccountsOptions, 'cluster' | 'outage' | 'needs' | 'memory'> & {
    readonly before: KnownRights
  },
): Promise<KnownRights | undefined> {
  try {
    const known = before.rights?.accounts ?? none
    const rights = await reviewRights(cluster, { namespace, needs, before: known })
    return { ...before, rights: heldNames(memory, { namespace, rights }), failure: undefined }
  } catch (thrown) {
    if (await outage.explains(thrown)) return undefined
    return { ...before, failure: toAkvError(thrown).message }
  }
}

/** The lines of a log that anybody can cause by writing Roles. */
const lines = { burst: 50, refillMs: 30_000 }

/** Logs each sentence about a namespace once, until it changes. */
function rightsReport({ clock, log }: Pick<EnabledAccountsOptions, 'clock' | 'log'>) {
  const said = new Map<string, string>()
  const budget = createTokenBuckets({ ...lines, clock })
  return {
    changed(namespace: string, known: KnownRights): void {
      const sentence = describeRights(known)
      const before = said.get(namespace)
      if (sentence === before) return
      if (sentence === undefined) said.delete(namespace)
      else said.set(namespace, sentence)
      const level = budget.take('') ? (sentence === undefined ? 'info' : 'warn') : 'debug'
      log[level](sentence ?? 'the namespace is in order again', { namespace })
    },
    gone: (namespace: string) => void said.delete(namespace),
    counts(all: Iterable<KnownRights>): ReadonlyMap<RightsState, number> {
      const counts = new Map<RightsState, number>()
      for (const known of all) {
        const state = stateOf(known)
        if (state !== undefined) counts.set(state, (counts.get(state) ?? 0) + 1)
      }
      return counts
    },
  }
}

const isSameSet = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a === b || (a.size === b.size && [...a].every((name) => b.has(name)))
