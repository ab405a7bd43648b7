import type { ReadingServices } from '../cluster/kind-requests.ts'
import type { SyncMetrics } from '../metrics/metrics.ts'
import { rolloutRequests } from './cluster/rollout-requests.ts'
import { Rollouts } from './rollouts.ts'
import { RolloutMetrics } from './services/rollout-metrics.ts'
import type { RolloutServices } from './services/rollout-services.ts'
import { RolloutSlots } from './services/rollout-slots.ts'

/** The services of the controller that roll-outs use. */
export interface StartedServices
  extends Omit<RolloutServices, 'cluster' | 'secrets' | 'slots' | 'metrics'> {
  readonly cluster: RolloutServices['secrets'] & { readonly services: ReadingServices }
  readonly metrics: Pick<SyncMetrics, 'registry'>
}

export interface StartedRollouts {
  /** These accounts of the namespace are allowed roll-outs from now on, and no others. */
  readonly onAllowed: (namespace: string, accounts: ReadonlySet<string>) => void
  /** Resolves when nothing runs any more, after the signal has aborted. */
  readonly ended: () => Promise<void>
}

/** Begins to roll out workloads. */
export function startRollouts({ cluster, metrics, ...shared }: StartedServices): StartedRollouts {
  const { concurrent } = shared.settings
  const rollouts = new Rollouts({
    ...shared,
    cluster: rolloutRequests(cluster.services),
    secrets: cluster,
    slots: new RolloutSlots({ concurrent, clock: shared.clock }),
    metrics: new RolloutMetrics(metrics.registry()),
  })
  rollouts.start()
  return {
    onAllowed: (namespace, accounts) => rollouts.allow(namespace, accounts),
    ended: () => rollouts.ended(),
  }
}
