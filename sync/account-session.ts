import type { Agent } from 'node:https'
import type { Cloud } from '../init-agent/contract.ts'
import type { Identity } from '../init-agent/projection/identity.ts'
import type { Session } from '../init-agent/projection/session.ts'
import { createSignIn, type SignIn } from '../keyvault/entra/sign-in.ts'
import { createObjectReader, type ObjectReader } from '../keyvault/object-reader.ts'
import type { ObjectReference } from '../keyvault/reference.ts'
import type { Clock } from '../lib/clock.ts'
import { toAkvError } from '../lib/errors/akv-error.ts'
import type { SyncCluster } from './cluster/cluster-port.ts'
import type { SyncMetrics } from './metrics.ts'
import type { Account } from './request/read-account.ts'
import type { VaultPace } from './vault-pace.ts'

export interface AccountSessionOptions {
  readonly account: Account
  readonly identity: Identity
  readonly cloud: Cloud
  readonly cluster: Pick<SyncCluster, 'requestToken'>
  /** The one pool of connections. It holds no token. */
  readonly agent: Agent
  readonly pace: VaultPace
  readonly metrics: Pick<SyncMetrics, 'countVaultRequest'>
  readonly clock: Clock
}

/**
 * The way of one account to the vaults. Its token is in this closure and nowhere else: whoever names another account's
 * client id asks Entra anew, as himself.
 */
export function openAccountSession(options: AccountSessionOptions): Session {
  const { account, identity, cloud, cluster, agent, clock } = options
  const signIn = createSignIn({
    ...identity,
    authorityHost: cloud.authorityHost,
    audience: cloud.audience,
    readAssertion: () => cluster.requestToken(account),
    agent,
    now: clock.now,
  })
  return { signIn, reader: pacedReader(signIn, options) }
}

/**
 * Each request, also each page of a list, waits its turn at its vault. The SDK's clients are made anew for each vault
 * and round of work that asks for it, as thousands of them would be kept for nothing.
 */
function pacedReader(signIn: SignIn, options: AccountSessionOptions): ObjectReader {
  const { cloud, agent, pace, metrics } = options
  const readerOf = (vault: string) =>
    createObjectReader({
      vaultUrl: cloud.vaultUrl,
      agent,
      who: signIn.who,
      token: async () => {
        await pace.turn(vault)
        return await signIn.token()
      },
    })
  const counted = async <T>(
    { vault }: ObjectReference,
    read: (reader: ObjectReader) => Promise<T>,
  ): Promise<T> => {
    try {
      const found = await read(readerOf(vault))
      metrics.countVaultRequest('ok')
      return found
    } catch (thrown) {
      const error = toAkvError(thrown)
      metrics.countVaultRequest(error.code)
      pace.failed(vault, error)
      throw thrown
    }
  }
  return {
    read: (reference, signal) => counted(reference, (reader) => reader.read(reference, signal)),
    listVersions: (reference, signal) =>
      counted(reference, (reader) => reader.listVersions(reference, signal)),
  }
}
