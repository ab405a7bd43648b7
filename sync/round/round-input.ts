import type { Session } from '../../init-agent/projection/session.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import type { SyncCluster } from '../cluster/cluster-port.ts'
import type { AccountValues } from '../fetch/account-values.ts'
import type { SyncMetrics } from '../metrics.ts'
import type { Account } from '../request/account.ts'
import type { SyncRequest } from '../request/account-request.ts'

/** What an account asks for in this round, and what is known from earlier rounds. */
export interface RoundInput {
  readonly request: SyncRequest
  readonly session: Session
  /** The values that the last round kept. */
  readonly before: AccountValues | undefined
  /** A regular round asks for everything that may have changed; others ask only for what failed. */
  readonly isRegular: boolean
  /** The resourceVersions of the Secrets that the last round finished, by name. */
  readonly leftVersions: ReadonlyMap<string, string>
}

export interface ReconcileOptions {
  readonly cluster: SyncCluster
  readonly metrics: Pick<SyncMetrics, 'countWrite'>
  readonly clock: Clock
  readonly log: Log
  readonly account: Account
  /** Absent if the account no longer asks for anything. */
  readonly input?: RoundInput | undefined
  /** No new step begins once it has aborted. */
  readonly signal: AbortSignal
}
