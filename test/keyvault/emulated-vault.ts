import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import type { Emulator, EmulatorOptions } from '../../emulator/emulator.ts'
import { createConnection } from '../../keyvault/clients/connection.ts'
import type { FetchedObject } from '../../keyvault/clients/object-client.ts'
import { createSignIn, type SignIn, type SignInOptions } from '../../keyvault/entra/sign-in.ts'
import type { ObjectReference } from '../../keyvault/reference.ts'
import { clientId, startTestEmulator, tenantId } from '../support/servers/start-test-emulator.ts'

/** An identity without a federated credential. */
export const bareClientId = '44444444-4444-4444-4444-444444444444'
export const audience = 'https://vault.azure.net'

const yaml = readFileSync(new URL('emulated-vault.yaml', import.meta.url), 'utf8')

/** Starts an emulator with the vaults of `emulated-vault.yaml`. */
export const startVault = (t: Test, options: Partial<EmulatorOptions> = {}): Promise<Emulator> =>
  startTestEmulator(t, { yaml, ...options })

/** Signs in at the emulator as a pod of the service account `default:web`. */
export async function signInAt(
  t: Test,
  emulator: Emulator,
  more: Partial<SignInOptions> = {},
): Promise<SignIn> {
  const token = await emulator.serviceAccountToken({
    namespace: 'default',
    serviceAccount: 'web',
  })
  return createSignIn({
    authorityHost: emulator.url,
    audience,
    clientId,
    tenantId,
    readAssertion: () => token,
    agent: connectTo(t, emulator.caPem),
    now: Date.now,
    ...more,
  })
}

export function connectTo(t: Test, ca: string, env: NodeJS.ProcessEnv = {}) {
  const agent = createConnection({ ca, env })
  t.teardown(() => agent.destroy())
  return agent
}

export const secret = (name: string, version?: string): ObjectReference => ({
  vault: 'team-a',
  type: 'secret',
  name,
  ...(version === undefined ? {} : { version }),
})

/** The value of what has to be a secret. */
export async function secretValue(read: Promise<FetchedObject>): Promise<string> {
  const found = await read
  if (found.kind !== 'secret') throw new Error(found.kind)
  return found.value
}
