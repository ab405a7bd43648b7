import type { Agent } from 'node:https'
import type { Cloud } from '../../delivery/contract.ts'
import type { Identity } from '../../delivery/session/identity.ts'
import type { Session } from '../../delivery/session/session.ts'
import type { Exchange } from '../../keyvault/clients/connection.ts'
import type { ServerTime } from '../../keyvault/clients/server-time.ts'
import { createSignIn, type SignIn, type VaultToken } from '../../keyvault/entra/sign-in.ts'
import {
  createObjectReader,
  type ObjectReader,
  type RequestTimer,
} from '../../keyvault/readers/object-reader.ts'
import { pauseThrottledVaults, type VaultPauses } from '../../keyvault/readers/vault-pauses.ts'
import { wrapReader } from '../../keyvault/readers/wrap-reader.ts'
import type { ObjectReference } from '../../keyvault/reference.ts'
import { bindingAudience, tokenAudience as entraAudience } from '../../lib/azure/token-audience.ts'
import type { Clock } from '../../lib/clock.ts'
import { toAkvError } from '../../lib/errors/akv-error.ts'
import type { FairPace } from '../../lib/fair/fair-pace.ts'
import type { Account } from '../../requests/account/account.ts'
import type { SyncCluster } from '../cluster/cluster-port.ts'
import type { SyncMetrics } from '../metrics/metrics.ts'
import type { VaultPace } from '../pace/vault-pace.ts'

export interface AccountSessionOptions {
  readonly account: Account
  readonly identity: Identity
  /** A token that an earlier session of this identity got. */
  readonly heldToken?: VaultToken | undefined
  readonly cloud: Cloud
  readonly cluster: Pick<SyncCluster, 'requestToken'>
  /** The connection pool to the vaults that all accounts share. It holds no tokens. */
  readonly agent: Agent
  /** Where the account's token is exchanged. */
  readonly exchange: Exchange
  /** Shared, too. */
  readonly serverTime: ServerTime
  readonly pace: VaultPace
  /** Measures the work that large answers make. */
  readonly fairPace: Pick<FairPace, 'timeTurn'>
  readonly pauses: VaultPauses
  readonly metrics: Pick<SyncMetrics, 'countVaultRequest' | 'recordVaultRequest'>
  readonly clock: Clock
}

/**
 * Opens the session in which one account reads its vaults, for one round. The token exists only in this closure, and
 * between rounds in the state of the account. An account that names another account's client ID still signs in with its
 * own ServiceAccount token.
 */
export function openAccountSession(options: AccountSessionOptions): Session {
  const { account, identity, heldToken, cloud, cluster, pauses, metrics, clock } = options
  const { exchange, serverTime } = options
  const tokenAudience = exchange.tokenProxy === undefined ? entraAudience : bindingAudience
  const signIn = createSignIn({
    ...identity,
    authorityHost: cloud.authorityHost,
    audience: cloud.audience,
    readAssertion: () => cluster.requestToken(account, tokenAudience),
    ...exchange,
    now: clock.wallTime,
    serverTime,
    heldToken,
    program: 'sync',
  })
  const reader = pauseThrottledVaults(pacedReader(signIn, options), pauses)
  return { signIn, reader: countRequests(reader, metrics) }
}

/**
 * Each request, including each page of a list, waits until the pace of its vault allows it. The SDK clients are created
 * for each request and not kept, because thousands of accounts would keep thousands of them.
 */
function pacedReader(signIn: SignIn, options: AccountSessionOptions): ObjectReader {
  const { account, cloud, agent, serverTime, pace, fairPace, metrics, clock } = options
  const timer: RequestTimer = {
    now: clock.now,
    record: (request) => metrics.recordVaultRequest(request),
  }
  const readerOf = ({ vault }: Pick<ObjectReference, 'vault'>) =>
    createObjectReader({
      vaultUrl: cloud.vaultUrl,
      agent,
      serverTime,
      principal: signIn.principal,
      timer,
      program: 'sync',
      onLargeAnswer: () => fairPace.timeTurn(account.namespace),
      token: async () => {
        await pace.turn(vault)
        return await signIn.token()
      },
    })
  return {
    read: (reference, signal) => readerOf(reference).read(reference, signal),
    listVersions: (reference, signal) => readerOf(reference).listVersions(reference, signal),
    secretPages: (vault, signal) => readerOf({ vault }).secretPages(vault, signal),
  }
}

function countRequests(
  reader: ObjectReader,
  metrics: AccountSessionOptions['metrics'],
): ObjectReader {
  return wrapReader(reader, async ({ vault }, request) => {
    try {
      const found = await request()
      metrics.countVaultRequest(vault, 'ok')
      return found
    } catch (thrown) {
      metrics.countVaultRequest(vault, toAkvError(thrown).code)
      throw thrown
    }
  })
}
