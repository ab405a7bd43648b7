import { untilAborted } from '../lib/server/run-until-signal.ts'
import { syncNeeds } from '../requests/access/sync-needs.ts'
import type { WatchMode } from '../requests/administrator/watch-mode.ts'
import type { SourceKind } from '../requests/secret/source-ref.ts'
import { createAccountEntries } from './account/account-entries.ts'
import { AccountChanges } from './controller/account-changes.ts'
import { figuresOf } from './controller/account-figures.ts'
import { OurNamespaces } from './controller/our-namespaces.ts'
import { workRunner } from './controller/run-work.ts'
import { createFeed } from './follow/create-feed.ts'
import { createNamespaces } from './namespace/namespaces.ts'
import { workOf } from './queue/work.ts'
import { WorkQueue } from './queue/work-queue.ts'
import { EnabledAccounts } from './rights/enabled-accounts.ts'
import { createRounds } from './round/round.ts'
import type { RoundServices } from './round/services.ts'

export interface ControllerOptions extends Omit<RoundServices, 'sourcesOf'> {
  /** The kinds of sources to read. */
  readonly kinds: readonly SourceKind[]
  readonly watch: WatchMode
  /** Called when other accounts of a namespace are enabled for roll-outs. */
  readonly onRollouts?: ((namespace: string, accounts: ReadonlySet<string>) => void) | undefined
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

/**
 * Finds the namespaces in which accounts are enabled, and follows their accounts. Runs a round for an account when it changes,
 * and when its next round is due. Each service is made of those above it, and nothing runs before all of them are there.
 */
export function startController(options: ControllerOptions): Controller {
  const { watch, cluster, outage, clock, metrics, signal } = options
  const entries = createAccountEntries()
  const namespaceOf = (key: string) => workOf(key).namespace
  const queue = new WorkQueue({ clock, signal, sideBySide, restMs, pause: outage, namespaceOf })
  const enabled = new EnabledAccounts({ ...options, needs: syncNeeds(options) })
  const accounts = createFeed(watch, {
    ...options,
    kind: 'ServiceAccount',
    requests: cluster.accounts,
    onAsking: (namespace) => enabled.asks(namespace),
  })
  const namespaces = createNamespaces({ ...options, enabled, entries, queue })
  const changes = new AccountChanges({ ...options, enabled, entries, queue, namespaces })
  const ours = new OurNamespaces({ ...options, enabled, accounts, namespaces, changes })
  const runRound = createRounds({
    ...options,
    sourcesOf: (namespace) => namespaces.sourcesOf(namespace),
  })

  metrics.watch({
    accounts: entries.enabled,
    secretsOf: (namespace, name) => figuresOf(entries.get(namespace, name), clock),
    queueDepth: () => queue.depth(),
    namespaceStates: () => enabled.counts(),
  })
  queue.start(workRunner({ ...options, entries, namespaces, runRound }))
  enabled.start((namespace) => ours.onEnabled(namespace))
  const started = Promise.race([enabled.firstLook(), untilAborted(signal)]).then(() => {
    accounts.start()
    namespaces.start()
  })
  return {
    problem: () => enabled.problem() ?? accounts.problem(),
    isEnabled: (namespace, account) => enabled.has(namespace, account),
    forbidden: (namespace) => enabled.forbidden(namespace),
    async ended() {
      await started
      await Promise.all([enabled.ended(), accounts.ended(), namespaces.ended()])
      await queue.idle()
    },
  }
}
