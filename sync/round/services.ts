import type { Identity } from '../../delivery/session/identity.ts'
import type { Session } from '../../delivery/session/session.ts'
import type { VaultToken } from '../../keyvault/entra/sign-in.ts'
import type { Clock } from '../../lib/clock.ts'
import type { FairPace } from '../../lib/fair/fair-pace.ts'
import type { Log } from '../../lib/log/log.ts'
import type { Account } from '../../requests/account/account.ts'
import type { Policy } from '../../requests/administrator/policy.ts'
import type { ApiServerOutage } from '../cluster/api-server-outage.ts'
import type { SyncCluster } from '../cluster/cluster-port.ts'
import type { EventBudget } from '../cluster/event-budget.ts'
import type { FairShares } from '../memory/fair-shares.ts'
import type { SyncMetrics } from '../metrics/metrics.ts'
import type { KnownSources } from './settle/decide-sources.ts'
import type { TryLimit } from './settle/try-limit.ts'

/**
 * Opens a session in which an account reads its vaults. It uses the token for as long as that lasts.
 *
 * @throws AkvError if the account signs in by an identity binding, and the token proxy isn't known
 */
export type OpenSession = (
  account: Account,
  signIn: { readonly identity: Identity; readonly usesBinding: boolean },
  token: VaultToken | undefined,
) => Session

/** The services that the rounds of all accounts share. */
export interface RoundServices {
  readonly cluster: SyncCluster
  readonly outage: ApiServerOutage
  readonly policy: Policy
  readonly openSession: OpenSession
  /** What is known of the sources in a namespace. */
  readonly sourcesOf: (namespace: string) => KnownSources
  readonly metrics: SyncMetrics
  readonly events: EventBudget
  /** What may be kept for what anybody else writes. */
  readonly memory: FairShares
  readonly pace: FairPace
  readonly tries: TryLimit
  readonly clock: Clock
  readonly log: Log
  /** Ends all rounds. */
  readonly signal: AbortSignal
}
