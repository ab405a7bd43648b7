import type { Clock } from '../../lib/clock.ts'
import { toAkvError } from '../../lib/errors/akv-error.ts'
import type { Log } from '../../lib/log/log.ts'
import type { NeededAccess } from '../../requests/access/sync-needs.ts'
import type { ApiServerOutage } from '../cluster/api-server-outage.ts'
import type { SeenNamespace, SyncCluster } from '../cluster/cluster-port.ts'
import { watchObjects } from '../cluster/watch-objects.ts'
import type { FairShares } from '../memory/fair-shares.ts'
import type { NextRun } from '../queue/next-run.ts'
import { WorkQueue } from '../queue/work-queue.ts'
import { type KnownRights, type RightsState, stateOf } from './describe-rights.ts'
import { createFirstLook } from './first-look.ts'
import { heldNames, releaseNames } from './held-names.ts'
import { reviewRights } from './review-rights.ts'
import { createReviewTimes, type FoundRights } from './review-times.ts'
import { areGrantedAgain, rightsChange } from './rights-change.ts'
import { createRightsReport } from './rights-report.ts'

interface EnabledAccountsOptions {
  readonly cluster: Pick<SyncCluster, 'namespaces' | 'reviewRules' | 'reviewAccess'>
  readonly outage: ApiServerOutage
  /** What the controller needs in a namespace besides the tokens and the statuses of accounts. */
  readonly needs: readonly NeededAccess[]
  /** Called when other accounts of a namespace are enabled for roll-outs. */
  readonly onRollouts?: ((namespace: string, accounts: ReadonlySet<string>) => void) | undefined
  readonly memory: FairShares
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

interface KnownNamespace extends KnownRights {
  readonly uid: string
}

/** Most reviews wait for the API server. */
const sideBySide = 12
/** The minimum pause between two reviews of a namespace. */
const restMs = 5_000
const regularMs = 5 * 60_000
const none: ReadonlySet<string> = new Set()

/** Knows which accounts their owners have enabled: those for which RBAC lets the controller create tokens, by name. */
export class EnabledAccounts {
  readonly #options: EnabledAccountsOptions
  readonly #all = new Map<string, KnownNamespace>()
  readonly #times: ReturnType<typeof createReviewTimes>
  readonly #report: ReturnType<typeof createRightsReport>
  readonly #firstLook: ReturnType<typeof createFirstLook>
  readonly #queue: WorkQueue
  #watching: Promise<void> | undefined
  #onChange: (namespace: string) => void = () => undefined

  constructor(options: EnabledAccountsOptions) {
    const { clock, signal, outage } = options
    this.#options = options
    this.#times = createReviewTimes(clock)
    this.#report = createRightsReport(options)
    this.#firstLook = createFirstLook(options)
    const namespaceOf = (name: string) => name
    this.#queue = new WorkQueue({ clock, signal, sideBySide, restMs, pause: outage, namespaceOf })
  }

  /**
   * Looks at all namespaces from now on.
   *
   * @param onChange - called when the enabled accounts of a namespace have changed
   */
  start(onChange: (namespace: string) => void): void {
    const { namespaces } = this.#options.cluster
    this.#onChange = onChange
    this.#queue.start((namespace) => this.#look(namespace))
    this.#watching = watchObjects({
      ...this.#options,
      kind: 'Namespace',
      namespace: '',
      list: () => namespaces.list(''),
      watch: namespaces.watch,
      onObject: (namespace) => this.#onNamespace(namespace),
      onGone: (name) => this.#onGone(name),
      onListed: this.#firstLook.listed,
    })
  }

  /** The names of the enabled accounts of a namespace. If there are any, the namespace is ours. */
  of(namespace: string): ReadonlySet<string> {
    return accountsOf(this.#all.get(namespace))
  }

  has(namespace: string, name: string): boolean {
    return this.of(namespace).has(name)
  }

  /** Something in the namespace asks for Secrets, and no account has been enabled for it. Looks again soon, and often. */
  asks(namespace: string): void {
    if (this.#all.has(namespace)) this.#lookAfter(namespace, this.#times.asks(namespace))
  }

  /** The API server has forbidden something in the namespace. */
  forbidden(namespace: string): void {
    if (this.#all.has(namespace)) this.#lookAfter(namespace, this.#times.forbidden(namespace))
  }

  /** Resolves when all namespaces have been looked at, or have had the time for it. */
  firstLook(): Promise<void> {
    return this.#firstLook.done
  }

  /** Why it isn't known yet which accounts are enabled. */
  problem(): string | undefined {
    return this.#firstLook.problem()
  }

  /** How many namespaces have each state. */
  counts(): ReadonlyMap<RightsState, number> {
    return this.#report.counts(this.#all.values())
  }

  async ended(): Promise<void> {
    await this.#watching
    await this.#queue.idle()
  }

  #onNamespace({ name, uid, isTerminating }: SeenNamespace): undefined {
    const before = this.#all.get(name)
    this.#set(name, { ...(before ?? unknownRights), uid, isTerminating })
    if (isTerminating) return void this.#firstLook.reviewed(name, undefined)
    if (before !== undefined && !before.isTerminating) return undefined
    this.#firstLook.found(name)
    this.#lookAfter(name, 0)
  }

  #onGone(name: string): void {
    const before = this.#all.get(name)
    this.#all.delete(name)
    this.#queue.drop(name)
    this.#times.delete(name)
    this.#report.gone(name)
    this.#firstLook.reviewed(name, undefined)
    releaseNames(this.#options.memory, name)
    if (accountsOf(before).size > 0) this.#onChange(name)
    if (rolloutsOf(before).size > 0) this.#options.onRollouts?.(name, none)
  }

  #lookAfter(namespace: string, afterMs: number | undefined): void {
    if (afterMs !== undefined) this.#queue.add(namespace, { afterMs, outlook: 'good' })
  }

  async #look(namespace: string): Promise<NextRun | undefined> {
    const before = this.#all.get(namespace)
    if (before === undefined || before.isTerminating) return undefined
    const reviewed = await review(namespace, { ...this.#options, before })
    if (reviewed === undefined) return { afterMs: 0, outlook: 'good' }
    // It may have been deleted meanwhile. If it has been created again, that has made it due.
    const now = this.#all.get(namespace)
    if (now?.uid !== before.uid) return undefined
    this.#firstLook.reviewed(namespace, reviewed.failure)
    const known = { ...reviewed, uid: now.uid, isTerminating: now.isTerminating }
    if (areGrantedAgain(before.rights, known.rights)) this.#beginAnew(namespace, known)
    const rights =
      known.rights && heldNames(this.#options.memory, { namespace, rights: known.rights })
    this.#set(namespace, { ...known, rights })
    const change = rightsChange(before.rights, rights)
    return this.#nextLook(namespace, { change, state: stateOf(known) })
  }

  #nextLook(namespace: string, found: FoundRights): NextRun {
    const latestMs = regularMs * (0.8 + 0.4 * this.#options.clock.random())
    const afterMs = Math.min(latestMs, this.#times.next(namespace, found) ?? latestMs)
    return { afterMs, outlook: found.state === 'unknown' ? 'failing' : 'good' }
  }

  /** Rounds, lists and watches that failed for want of these rights would wait for up to five minutes. */
  #beginAnew(namespace: string, known: KnownNamespace): void {
    this.#all.set(namespace, { ...known, rights: undefined })
    this.#onChange(namespace)
  }

  #set(namespace: string, known: KnownNamespace): void {
    const before = this.#all.get(namespace)
    this.#all.set(namespace, known)
    this.#report.changed(namespace, known)
    if (!isSameSet(accountsOf(before), accountsOf(known))) this.#onChange(namespace)
    const rollouts = rolloutsOf(known)
    if (!isSameSet(rolloutsOf(before), rollouts)) this.#options.onRollouts?.(namespace, rollouts)
  }
}

const accountsOf = (known: KnownRights | undefined): ReadonlySet<string> =>
  known?.isTerminating === false ? (known.rights?.accounts ?? none) : none

const rolloutsOf = (known: KnownRights | undefined): ReadonlySet<string> =>
  known?.isTerminating === false ? (known.rights?.rollouts ?? none) : none

const unknownRights: KnownRights = { rights: undefined, isTerminating: false, failure: undefined }

/** Asks for the rights in a namespace. If that fails, those that were known stay. Undefined in an outage of the API server. */
async function review(
  namespace: string,
  {
    cluster,
    outage,
    needs,
    before,
  }: Pick<EnabledAccountsOptions, 'cluster' | 'outage' | 'needs'> & {
    readonly before: KnownRights
  },
): Promise<KnownRights | undefined> {
  try {
    const known = before.rights?.accounts ?? none
    const rights = await reviewRights(cluster, { namespace, needs, before: known })
    return { ...before, rights, failure: undefined }
  } catch (thrown) {
    if (await outage.explains(thrown)) return undefined
    return { ...before, failure: toAkvError(thrown).message }
  }
}

const isSameSet = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a === b || (a.size === b.size && [...a].every((name) => b.has(name)))
