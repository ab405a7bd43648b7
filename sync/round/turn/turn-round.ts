import type { Clock } from '../../../lib/clock.ts'
import type { CpuBudget } from '../../../lib/cpu-budget.ts'
import type { Account } from '../../../requests/account/account.ts'
import type { SyncRequest } from '../../../requests/account/account-request.ts'
import type { AccountState } from '../../account/account-state.ts'
import type { SyncCluster } from '../../cluster/cluster-port.ts'
import type { KnownSources } from '../settle/decide-sources.ts'

/** A round whose turns are decided. */
export interface TurnRound {
  readonly account: Account
  /** Absent if the account no longer requests anything. */
  readonly reading: { readonly request: SyncRequest; readonly fetchesAll: boolean } | undefined
  readonly sources: KnownSources
  /** What the last round left. */
  readonly state: AccountState
  readonly isChanged: boolean
  readonly asksForAll: boolean
  readonly budget: Pick<CpuBudget, 'yieldNow'>
  readonly signal: AbortSignal
}

export interface TurnServices {
  readonly cluster: Pick<SyncCluster, 'readSecret'>
  readonly clock: Clock
}
