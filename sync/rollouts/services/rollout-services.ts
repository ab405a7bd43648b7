import type { Clock } from '../../../lib/clock.ts'
import type { Log } from '../../../lib/log/log.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import type { RolloutSettings } from '../../../requests/rollouts/rollout-settings.ts'
import type { ApiServerOutage } from '../../cluster/api-server-outage.ts'
import type { SyncCluster } from '../../cluster/cluster-port.ts'
import type { EventBudget } from '../../cluster/event-budget.ts'
import type { FairShares } from '../../memory/fair-shares.ts'
import type { OpenSession } from '../../round/services.ts'
import type { RolloutCluster } from '../cluster/rollout-port.ts'
import type { RolloutMetrics } from './rollout-metrics.ts'
import type { RolloutSlots } from './rollout-slots.ts'

/** The services that the looks at all accounts share. */
export interface RolloutServices {
  readonly settings: RolloutSettings
  readonly cluster: RolloutCluster
  readonly secrets: Pick<SyncCluster, 'readSecret'>
  readonly outage: ApiServerOutage
  readonly policy: Policy
  readonly openSession: OpenSession
  readonly slots: RolloutSlots
  readonly metrics: RolloutMetrics
  readonly events: EventBudget
  readonly memory: FairShares
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}
