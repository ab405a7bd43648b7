import { connectAhead } from '../../keyvault/clients/connect-ahead.ts'
import {
  connectTokenProxy,
  createConnection,
  type Exchange,
} from '../../keyvault/clients/connection.ts'
import { createServerTime } from '../../keyvault/clients/server-time.ts'
import type { Sender } from '../../keyvault/clients/user-agent.ts'
import { createSignIn, type SignIn, type VaultToken } from '../../keyvault/entra/sign-in.ts'
import {
  createObjectReader,
  loadClient,
  type ObjectReader,
  type RequestTimer,
} from '../../keyvault/readers/object-reader.ts'
import { pauseThrottledVaults, VaultPauses } from '../../keyvault/readers/vault-pauses.ts'
import {
  collectionOf,
  type ObjectReference,
  vaultUrl as vaultUrlOf,
} from '../../keyvault/reference.ts'
import type { Clock } from '../../lib/clock.ts'
import type { AgentConfig } from '../contract.ts'
import { resolveIdentity } from './identity.ts'
import { namedPod } from './named-pod.ts'
import { readTokenFile } from './token-file.ts'

/** A sign-in and the reader that uses its token. The agent has one for its whole life. */
export interface Session {
  readonly signIn: SignIn
  readonly reader: ObjectReader
}

export interface AgentSession extends Session {
  /**
   * Prepares a first fetch of these objects while the sign-in is under way: opens connections to Entra and to their vaults,
   * and loads the SDKs. Call it once. Never throws.
   *
   * @param maxConnections - how many objects are requested at the same time
   */
  readonly prepare: (objects: readonly ObjectReference[], maxConnections: number) => void
  /** The current token, if there is one. */
  readonly heldToken: () => VaultToken | undefined
}

/** A file with a federated token, or a ready sign-in. */
export type Credential = { readonly tokenFile: string } | { readonly signIn: SignIn }

/**
 * Opens a session with its own pools of connections. Sends nothing yet.
 *
 * @throws AkvError if the identity, the CA or the proxy can't be used
 */
export function openSession(options: {
  readonly config: AgentConfig
  readonly credential: Credential
  /** Where the identity and the proxy are read from. */
  readonly env: Readonly<NodeJS.ProcessEnv>
  readonly clock: Clock
  /** A token of this identity to begin with. */
  readonly heldToken?: VaultToken | undefined
  /** Called with each request to a vault that has ended. */
  readonly onRequest?: RequestTimer['record'] | undefined
  readonly program: NonNullable<Sender['program']>
}): AgentSession {
  const { config, credential, env, clock, heldToken, onRequest, program } = options
  const { authorityHost, audience, vaultUrl, ca } = config.cloud
  const agent = createConnection({ ca, env })
  const exchange: Exchange = config.tokenProxy ? connectTokenProxy(config.tokenProxy) : { agent }
  const serverTime = createServerTime(clock)
  const sender: Sender = {
    program,
    pod: config.namesPod && 'tokenFile' in credential ? namedPod(credential.tokenFile) : undefined,
  }
  const signIn =
    'signIn' in credential
      ? credential.signIn
      : createSignIn({
          ...resolveIdentity(config.identity, env),
          authorityHost,
          audience,
          readAssertion: () => readTokenFile(credential.tokenFile),
          ...exchange,
          now: clock.wallTime,
          serverTime,
          heldToken,
          ...sender,
        })
  const { token, principal } = signIn
  const pauses = new VaultPauses(clock)
  const timer = onRequest && { now: clock.now, record: onRequest }
  const reader = createObjectReader({
    vaultUrl,
    agent,
    token,
    principal,
    serverTime,
    timer,
    ...sender,
  })
  return {
    signIn,
    reader: pauseThrottledVaults(reader, pauses),
    heldToken: () => signIn.held?.(),
    prepare(objects, maxConnections) {
      const urls = objects.slice(0, maxConnections).map(({ vault }) => vaultUrlOf(vaultUrl, vault))
      if (!('signIn' in credential)) {
        if (exchange.tokenProxy === undefined) urls.push(authorityHost)
        else connectAhead(exchange.agent, new Map([[exchange.tokenProxy, 1]]))
      }
      connectAhead(agent, countEach(urls))
      for (const collection of new Set(objects.map(collectionOf))) loadClient(collection)
    },
  }
}

function countEach(values: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return counts
}
