import { createConnection } from '../../keyvault/clients/connection.ts'
import { createSignIn, type SignIn } from '../../keyvault/entra/sign-in.ts'
import { createObjectReader, type ObjectReader } from '../../keyvault/object-reader.ts'
import { pauseThrottledVaults } from '../../keyvault/readers/pause-throttled-vaults.ts'
import { createVaultPauses } from '../../keyvault/readers/vault-pauses.ts'
import type { Clock } from '../../lib/clock.ts'
import type { AgentConfig } from '../contract.ts'
import { resolveIdentity } from './identity.ts'
import { readTokenFile } from './token-file.ts'

/** A sign-in and the reader that uses its token. The agent has one for its whole life. */
export interface Session {
  readonly signIn: SignIn
  readonly reader: ObjectReader
}

/** A file with a federated token, or a ready sign-in. */
export type Credential = { readonly tokenFile: string } | { readonly signIn: SignIn }

/**
 * Opens a session with its own pool of connections. Sends nothing yet.
 *
 * @throws AkvError if the identity, the CA or the proxy can't be used
 */
export function openSession(options: {
  readonly config: AgentConfig
  readonly credential: Credential
  /** Where the identity and the proxy are read from. */
  readonly env: Readonly<NodeJS.ProcessEnv>
  readonly clock: Clock
}): Session {
  const { config, credential, env, clock } = options
  const { authorityHost, audience, vaultUrl, ca } = config.cloud
  const agent = createConnection({ ca, env })
  const signIn =
    'signIn' in credential
      ? credential.signIn
      : createSignIn({
          ...resolveIdentity(config.identity, env),
          authorityHost,
          audience,
          readAssertion: () => readTokenFile(credential.tokenFile),
          agent,
          now: clock.now,
        })
  const { token, principal } = signIn
  const pauses = createVaultPauses(clock)
  const reader = createObjectReader({ vaultUrl, agent, token, principal })
  return { signIn, reader: pauseThrottledVaults(reader, pauses) }
}
