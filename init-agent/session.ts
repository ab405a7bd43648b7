import { join } from 'node:path'
import { createConnection } from '../keyvault/connection.ts'
import { createSecretReader, type ReadSecret } from '../keyvault/secrets.ts'
import { createSignIn, type SignIn } from '../keyvault/sign-in.ts'
import type { Clock } from './clock.ts'
import { type AgentConfig, identityFolder, tokenFileName } from './contract.ts'
import { resolveIdentity } from './identity.ts'
import { readTokenFile } from './token-file.ts'

/** What the agent talks to the world through, for all its life: one pool of connections, one token. */
export interface Session {
  readonly signIn: SignIn
  readonly read: ReadSecret
}

/** @throws AkvError for an identity, CA or proxy that can't be used; nothing is sent yet */
export function openSession(options: {
  readonly config: AgentConfig
  readonly root: string
  readonly env: Readonly<NodeJS.ProcessEnv>
  readonly clock: Clock
}): Session {
  const { config, root, env, clock } = options
  const { authorityHost, audience, vaultUrl, ca } = config.cloud
  const agent = createConnection({ ca, env })
  const tokenFile = join(root, identityFolder, tokenFileName)
  const identity = resolveIdentity(config.identity, env)
  const { clientId } = identity
  const signIn = createSignIn({
    ...identity,
    authorityHost,
    audience,
    readAssertion: () => readTokenFile(tokenFile),
    agent,
    now: clock.now,
  })
  return { signIn, read: createSecretReader({ vaultUrl, agent, token: signIn.token, clientId }) }
}
