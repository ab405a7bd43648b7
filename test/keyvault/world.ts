/** An emulator and the parts of keyvault/ against it, in this process. */

import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import { parseEmulatorData } from '../../emulator/data/parse-data.ts'
import { type Emulator, startEmulator } from '../../emulator/emulator.ts'
import { createConnection } from '../../keyvault/clients/connection.ts'
import type { FetchedObject } from '../../keyvault/clients/object-client.ts'
import { createSignIn, type SignIn, type SignInOptions } from '../../keyvault/entra/sign-in.ts'
import type { ObjectReference } from '../../keyvault/reference.ts'
import { sharedSigners } from '../support/shared-signers.ts'

export const clientId = '22222222-2222-2222-2222-222222222222'
/** An identity without a federated credential. */
export const bareClientId = '44444444-4444-4444-4444-444444444444'
export const tenantId = '11111111-1111-1111-1111-111111111111'
export const audience = 'https://vault.azure.net'

const yaml = readFileSync(new URL('world.yaml', import.meta.url), 'utf8')

export async function startWorld(
  t: Test,
  options: Omit<Parameters<typeof startEmulator>[0], 'data'> = {},
): Promise<Emulator> {
  const parsed = parseEmulatorData(yaml)
  if ('problems' in parsed) throw new Error(parsed.problems.join('\n'))
  const signers = await sharedSigners()
  const emulator = await startEmulator({ data: parsed.data, signers, ...options })
  t.teardown(() => emulator.close())
  return emulator
}

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
