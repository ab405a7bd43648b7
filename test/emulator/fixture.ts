import type { IncomingHttpHeaders } from 'node:http'
import { request } from 'node:https'
import { isIP } from 'node:net'
import { text } from 'node:stream/consumers'
import { ClientAssertionCredential } from '@azure/identity'
import { CertificateClient } from '@azure/keyvault-certificates'
import { KeyClient } from '@azure/keyvault-keys'
import { SecretClient } from '@azure/keyvault-secrets'
import type { Test } from 'tap'
import type { Emulator, EmulatorOptions } from '../../emulator/emulator.ts'
import { startTestEmulator, tenantId } from '../support/servers/start-test-emulator.ts'

/** Reads `team-a`. */
export const webId = '22222222-2222-2222-2222-222222222222'
/** Writes `team-a`. */
export const adminId = '33333333-3333-3333-3333-333333333333'
/** Signs in, and may nothing. */
export const strangerId = '44444444-4444-4444-4444-444444444444'
/** Has no federated credential. */
export const bareId = '55555555-5555-5555-5555-555555555555'

export const oldVersion = '0123456789abcdef0123456789abcdef'
const subject = 'system:serviceaccount:default:web'

export const yaml = `
identities:
  - clientId: ${webId}
    federatedCredentials: [{ subject: '${subject}' }]
  - clientId: ${adminId}
    federatedCredentials: [{ subject: '${subject}' }]
  - clientId: ${strangerId}
    federatedCredentials: [{ subject: '${subject}' }]
  - clientId: ${bareId}
vaults:
  team-a:
    readers: [${webId}]
    writers: [${adminId}]
    secrets:
      db-password: correct horse
      API-key:
        value: k1
        contentType: text/plain
        tags: { team: a }
        created: 2026-01-02T03:04:05Z
        notBefore: 2026-02-02T00:00:00Z
        expires: 2027-01-01T00:00:00Z
      old: { versions: [{ value: v1, version: ${oldVersion} }, { value: v2, enabled: false }] }
      gone: { value: x, deleted: true }
      random: { generate: 24 }
  open: { readers: ['*'], secrets: { a: b } }
`

/** Starts an emulator with the shared keys and these vaults, unless the options have others. */
export const start = (
  t: Test,
  options: Partial<EmulatorOptions> & { readonly yaml?: string } = {},
): Promise<Emulator> => startTestEmulator(t, { yaml, ...options })

/** The unmodified SDKs, told nothing but where things are and whom to trust. */
export const secretClient = (emulator: Emulator, clientId = webId, vault = 'team-a') =>
  new SecretClient(...clientArguments(emulator, clientId, vault))
export const keyClient = (emulator: Emulator, clientId = webId, vault = 'team-a') =>
  new KeyClient(...clientArguments(emulator, clientId, vault))
export const certificateClient = (emulator: Emulator, clientId = webId, vault = 'team-a') =>
  new CertificateClient(...clientArguments(emulator, clientId, vault))

function clientArguments(emulator: Emulator, clientId: string, vault: string) {
  const tlsOptions = { ca: emulator.caPem }
  const credential = new ClientAssertionCredential(
    tenantId,
    clientId,
    () => emulator.serviceAccountToken({ namespace: 'default', serviceAccount: 'web' }),
    { authorityHost: emulator.url, disableInstanceDiscovery: true, tlsOptions, ...noRetries },
  )
  const options = { disableChallengeResourceVerification: true, tlsOptions, ...noRetries }
  return [emulator.vaultUrl.replace('{vault}', vault), credential, options] as const
}

const noRetries = { retryOptions: { maxRetries: 0 } }

export interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The body, if it is JSON. */
  readonly json: unknown
}

export interface Ask {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** A client that knows nothing of Azure, and sends any path as it is. */
export function ask(emulator: Emulator, path: string, { method, headers, body }: Ask = {}) {
  return new Promise<Answer>((resolve, reject) => {
    const { hostname, port } = new URL(emulator.url)
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const options = {
      hostname,
      // Set, because Node would otherwise take it from the Host header of the test. An IP address can't be one.
      servername: isIP(hostname) === 0 ? hostname : '',
      port,
      path,
      method,
      headers: { ...headers, ...length },
      ca: emulator.caPem,
      agent: false,
    }
    const sent = request(options, async (response) => {
      const received = await text(response)
      const { statusCode: status, headers } = response
      resolve({ status, headers, text: received, json: parse(received) })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

function parse(received: string): unknown {
  try {
    return JSON.parse(received)
  } catch {
    return undefined
  }
}

export interface TokenRequest {
  readonly tenant?: string
  readonly assertion?: string
  /** Replaces or (undefined) leaves out fields of a correct form. */
  readonly form?: Record<string, string | undefined>
}

/** Asks Entra for a token, by hand. */
export async function askToken(emulator: Emulator, { tenant, assertion, form }: TokenRequest = {}) {
  const fields = {
    client_id: webId,
    scope: 'https://vault.azure.net/.default',
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion:
      assertion ??
      (await emulator.serviceAccountToken({ namespace: 'default', serviceAccount: 'web' })),
    ...form,
  }
  const given = Object.entries(fields).filter(
    (field): field is [string, string] => field[1] !== undefined,
  )
  return await ask(emulator, `/${tenant ?? tenantId}/oauth2/v2.0/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(given).toString(),
  })
}

/** An access token, as an Authorization header. */
export async function authorization(emulator: Emulator, clientId = webId, scope?: string) {
  const form = { client_id: clientId, ...(scope === undefined ? {} : { scope }) }
  const { json } = await askToken(emulator, { form })
  return { authorization: `Bearer ${Object(json).access_token}` }
}
