import { Registry } from 'prom-client'
import type { RolloutCluster } from '../../../sync/rollouts/cluster/rollout-port.ts'
import { RolloutMetrics } from '../../../sync/rollouts/services/rollout-metrics.ts'
import type { RolloutServices } from '../../../sync/rollouts/services/rollout-services.ts'
import { RolloutSlots } from '../../../sync/rollouts/services/rollout-slots.ts'
import { type MemoryLog, memoryLog } from '../../support/memory-log.ts'
import { policy } from '../../webhook/core/policy.ts'
import { ampleShares } from '../harness/ample-shares.ts'
import { noOutage } from '../harness/no-outage.ts'

/** Services of a namespace without pods. */
export function rolloutServices({
  clock,
  signal,
  ...requests
}: Pick<RolloutServices, 'clock' | 'signal'> &
  Pick<RolloutCluster, 'readAccount' | 'writeRecord' | 'readOwner'>): RolloutServices &
  Pick<MemoryLog, 'lines'> {
  const { log, lines } = memoryLog()
  return {
    settings: { intervalMs: 5 * 60_000, concurrent: 5, minIntervalMs: 0, maxPerDay: 6 },
    cluster: {
      serverTimeMs: clock.wallTime,
      listPods: async () => ({ pods: [], isCut: false }),
      patchTemplate: async () => undefined,
      createEvent: async () => undefined,
      readClass: async () => ({ kind: 'absent' }),
      ...requests,
    },
    secrets: { readSecret: async () => undefined },
    outage: noOutage,
    policy,
    openSession: () => {
      throw new Error('nothing asks for objects')
    },
    slots: new RolloutSlots({ concurrent: 5, clock }),
    metrics: new RolloutMetrics(new Registry()),
    events: { take: () => true },
    memory: ampleShares(),
    clock,
    log,
    lines,
    signal,
  }
}
