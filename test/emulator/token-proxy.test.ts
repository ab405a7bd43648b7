import { writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect } from 'node:tls'
import { WorkloadIdentityCredential } from '@azure/identity'
import { decodeJwt } from 'jose'
import t from 'tap'
import { bindingAudience, tokenAudience } from '../../lib/azure/token-audience.ts'
import { startTestEmulator, tenantId } from '../support/servers/start-test-emulator.ts'
import { bareId, webId } from './fixture.ts'

const yaml = `
identities:
  - clientId: ${webId}
    boundAccounts: ['system:serviceaccount:default:web']
  - clientId: ${bareId}
    federatedCredentials: [{ subject: 'system:serviceaccount:default:web' }]
`
const emulator = await startTestEmulator(t, { yaml, clusterId: '696995ccb303450001b31a18' })
const { tokenProxy } = emulator
if (!tokenProxy) throw new Error('there is no token proxy')
const { url, serverName, caPem: ca } = tokenProxy
const token = (more: object = {}) =>
  emulator.serviceAccountToken({
    ...{ namespace: 'default', serviceAccount: 'web', audience: bindingAudience },
    ...more,
  })

interface Ask {
  readonly servername?: string
  readonly ca?: string
  readonly clientId?: string
  readonly assertion?: string
}

function ask(options: Ask = {}): Promise<{ readonly status: number; readonly body: string }> {
  const { servername = serverName, clientId = webId, assertion = '' } = options
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}/${tenantId}/oauth2/v2.0/token`,
      { method: 'POST', servername, ca: options.ca ?? ca, agent: false },
      async (response) => resolve({ status: response.statusCode ?? 0, body: await text(response) }),
    )
    sent.on('error', reject)
    const form = {
      ...{ client_id: clientId, client_assertion: assertion },
      ...{ grant_type: 'client_credentials', scope: 'https://vault.azure.net/.default' },
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    }
    sent.end(new URLSearchParams(form).toString())
  })
}

t.test('Azure’s SDK signs in by it, with the variables that AKS sets', async (t) => {
  const tokenFile = join(t.testdir(), 'token')
  writeFileSync(tokenFile, await token())
  const set = {
    AZURE_KUBERNETES_TOKEN_PROXY: url,
    AZURE_KUBERNETES_SNI_NAME: serverName,
    AZURE_KUBERNETES_CA_DATA: ca,
  }
  Object.assign(process.env, set)
  t.teardown(() => {
    for (const name of Object.keys(set)) delete process.env[name]
  })
  const credential = new WorkloadIdentityCredential({
    ...{ tenantId, clientId: webId, tokenFilePath: tokenFile, enableAzureProxy: true },
    ...{ authorityHost: emulator.url, disableInstanceDiscovery: true },
    retryOptions: { maxRetries: 0 },
  })
  const before = emulator.requests.length
  const { token: got } = await credential.getToken('https://vault.azure.net/.default')
  t.match(decodeJwt(got), { appid: webId, tid: tenantId, aud: 'https://vault.azure.net' })
  t.equal(emulator.requests.length, before, 'Entra isn’t asked')
})

t.test('it answers only connections that ask for its server name', async (t) => {
  const assertion = await token()
  t.match(await ask({ assertion }), { status: 200, body: /"access_token":"eyJ/ })
  for (const servername of ['', 'localhost', 'kubernetes.default.svc.cluster.local'])
    t.match(
      await ask({ assertion, servername }),
      { status: 401, body: /"reason":"Unauthorized"/ },
      `as ${servername}`,
    )
  await t.rejects(ask({ assertion, servername: 'aother.ests.aks' }), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  })
})

t.test('it checks the binding, the account and the audience', async (t) => {
  const cases = [
    [{ clientId: bareId, assertion: await token() }, 404, /no identity binding for client/],
    [{ clientId: tenantId, assertion: await token() }, 404, /no identity binding for client/],
    [
      { assertion: await token({ serviceAccount: 'other' }) },
      403,
      new RegExp(`cannot use-managed-identity resource ."${webId}." in API group`),
    ],
    [{ assertion: await token({ audience: tokenAudience }) }, 401, /Unauthorized/],
    [{ assertion: await token({ expiresInSeconds: -600 }) }, 401, /Unauthorized/],
    [{ assertion: 'not.a.token' }, 401, /Unauthorized/],
    [{ assertion: '' }, 401, /Unauthorized/],
  ] as const
  for (const [request, status, body] of cases)
    t.match(await ask(request), { status, body }, `${status} ${body}`)
  t.match(await ask({ assertion: await token() }), { status: 200 }, 'and then it works')
})

t.test('its authority can be replaced, and the API server’s certificate with it', async (t) => {
  const assertion = await token()
  const answer = await fetch(`${emulator.controlUrl}/rotate-cluster-ca`, { method: 'POST' })
  const { ca: next } = Object(await answer.json())
  t.match(next, /^-----BEGIN CERTIFICATE-----/)
  for (const servername of [serverName, 'kubernetes.default.svc.cluster.local']) {
    await t.rejects(ask({ assertion, servername }), { message: /certificate/ }, servername)
    t.ok((await ask({ assertion, servername, ca: next })).status)
  }
  const { port } = new URL(url)
  const socket = connect({ port: Number(port), host: '127.0.0.1', ca: next, servername: '' })
  await new Promise((resolve) => socket.once('secureConnect', resolve))
  t.match(
    socket.getPeerX509Certificate()?.subjectAltName,
    'DNS:hcp-kubernetes.696995ccb303450001b31a18.svc.cluster.local',
  )
  socket.destroy()
})

t.test('an emulator without a cluster has none', async (t) => {
  const plain = await startTestEmulator(t, { yaml })
  t.equal(plain.tokenProxy, undefined)
  const answer = await fetch(`${plain.controlUrl}/rotate-cluster-ca`, { method: 'POST' })
  t.equal(answer.status, 409)
  t.match(await answer.text(), /start the emulator with --cluster-id/)
})
