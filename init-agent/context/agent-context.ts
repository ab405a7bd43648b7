import type { AgentConfig } from '../../delivery/contract.ts'
import type { AgentSession } from '../../delivery/session/session.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log/log.ts'
import type { VaultLatencies } from '../../lib/metrics/vault-latency.ts'
import type { RefreshRequests } from '../on-demand/refresh-requests.ts'
import type { StateReport } from '../state/report-state.ts'
import type { Volumes } from '../volume/volumes.ts'

/** The context that all steps of the agent share. */
export interface AgentContext {
  readonly config: AgentConfig
  readonly session: AgentSession
  /** Absent if the agent serves no metrics. */
  readonly latencies?: VaultLatencies | undefined
  readonly volumes: Volumes
  readonly clock: Clock
  readonly log: Log
  readonly requests: RefreshRequests
  readonly stateReport: StateReport
  /** Aborts when the agent is to stop. */
  readonly signal: AbortSignal
}
