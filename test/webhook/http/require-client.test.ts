import { once } from 'node:events'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { Agent } from 'node:https'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { IssuedPem } from '../../../certs/issue.ts'
import { issueClientCertificate } from '../../support/issue-client-certificate.ts'
import { issueTestAuthority, type TestAuthority } from '../../support/issue-test-authority.ts'
import { exampleReview } from './review.ts'
import { serve, until } from './running-webhook.ts'
import { firstSaid, openSocket, post, untilClosed } from './serving.ts'
import { testSettings } from './test-settings.ts'

const review = JSON.stringify(exampleReview())
const authority = await issueTestAuthority('API servers')
const other = await issueTestAuthority('somebody else')
const apiServer = await issueClientCertificate(authority, 'kube-apiserver')

/** A webhook that accepts only clients of the authority. */
async function serveClients(t: Test, { names = [] }: { names?: readonly string[] } = {}) {
  const caFile = await unusedPath(t)
  const writeCa = async (pem: string) => {
    await writeFile(`${caFile}.new`, pem)
    await rename(`${caFile}.new`, caFile)
  }
  await writeCa(authority.certificatePem)
  const settings = { ...testSettings(t.testdirName), clients: { caFile, names } }
  const served = await serve(t, { settings })
  const call = (certificate?: IssuedPem, agent?: Agent) =>
    post({ ...served.caller, certificate, ...(agent && { agent }) }, review)
  const keptAgent = () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, maxCachedSessions: 0 })
    t.teardown(() => agent.destroy())
    return agent
  }
  return { ...served, writeCa, call, keptAgent }
}

/** The path of a file in a folder of its own: {@link serve} fills the folder of the test. */
async function unusedPath(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'akv-injector-clients-'))
  t.teardown(() => rm(folder, { recursive: true }))
  return join(folder, 'clients.crt')
}

t.test('a client of the authority is answered, again and again on one connection', async (t) => {
  const { call, keptAgent } = await serveClients(t)
  const agent = keptAgent()
  const ports = new Set<number | undefined>()
  for (let i = 0; i < 5; i++) {
    const { status, localPort } = await call(apiServer, agent)
    t.equal(status, 200)
    ports.add(localPort)
  }
  t.equal(ports.size, 1)
})

t.test('any other client is told what was found, and what to do', async (t) => {
  const { call, lines, health, ready } = await serveClients(t)
  const expired = await issueClientCertificate(authority, 'kube-apiserver', {
    notAfter: new Date(Date.now() - 1_000),
  })
  const cases: readonly (readonly [string, IssuedPem | undefined, RegExp])[] = [
    ['none', undefined, /^found no client certificate; expected /],
    [
      'another authority',
      await issueClientCertificate(other, 'kube-apiserver'),
      /^found the client certificate of "CN=kube-apiserver", which can't be verified \(UNABLE_TO_/,
    ],
    ['the same, by name', await issueClientCertificate(impostor(), 'x'), /CN=x.* \(\w+\)/],
    ['expired', expired, /"CN=kube-apiserver".*\(CERT_HAS_EXPIRED\)/],
    ['for servers', await authority.issue(), /"CN=localhost, DNS:localhost.*\(INVALID_PURPOSE\)/],
  ]
  for (const [name, certificate, sentence] of cases) {
    const { status, body, headers } = await call(certificate)
    t.equal(status, 403, name)
    t.match(body, sentence)
    t.match(body, /AKV_INJECTOR_CLIENT_CA_FILE.*docs\/install\.md/)
    t.equal(headers.connection, 'close')
  }
  t.equal((await call(apiServer)).status, 200)
  t.equal(await ready(), 'ok\n', 'the port for probes stays open to all')
  const metrics = await (await fetch(`${health}/metrics`)).text()
  t.match(metrics, `outcome="invalid",reason=""} ${cases.length}\n`)
  t.notMatch(lines.join(''), 'PRIVATE KEY')
})

/** Another key under the name of the authority. */
function impostor(): TestAuthority {
  return { ...authority, keyPem: other.keyPem }
}

t.test(
  'a client without a certificate is refused before the body is sent, on any path',
  async (t) => {
    const { caller } = await serveClients(t)
    for (const target of ['POST /mutate', 'POST /mutate/csi', 'GET /elsewhere', 'DELETE /mutate']) {
      const socket = await openSocket(caller)
      t.teardown(() => socket.destroy())
      socket.write(`${target} HTTP/1.1\r\nhost: x\r\ncontent-length: 3000000\r\n\r\n`)
      t.match(await firstSaid(socket), /^HTTP\/1.1 403 [\s\S]*found no client certificate/, target)
    }
  },
)

t.test(
  'clients without a certificate that announce large bodies take no memory from others',
  async (t) => {
    const { caller, call } = await serveClients(t)
    const strangers = await Promise.all(Array.from({ length: 40 }, () => openSocket(caller)))
    t.teardown(() => strangers.map((socket) => socket.destroy()))
    const answers = strangers.map(firstSaid)
    for (const socket of strangers)
      socket.write('POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-length: 3000000\r\n\r\n')
    const honest = await Promise.all(Array.from({ length: 10 }, () => call(apiServer)))
    t.strictSame([...new Set(honest.map(({ status }) => status))], [200])
    const refused = (await Promise.all(answers)).filter((said) => said.startsWith('HTTP/1.1 403'))
    t.equal(refused.length, strangers.length)
  },
)

t.test('a name is accepted as common name and as DNS name, and only as a whole', async (t) => {
  const { call } = await serveClients(t, { names: ['kube-apiserver', 'api.cluster.example'] })
  const issue = (name: string, options = {}) => issueClientCertificate(authority, name, options)
  for (const certificate of [
    apiServer,
    await issue('x', { dnsNames: ['api.cluster.example'] }),
    await issue('x', { dnsNames: ['a.example', 'API.cluster.example'] }),
  ])
    t.equal((await call(certificate)).status, 200)
  const wrong = [
    await issue('kubelet'),
    await issue('kube-apiserver2'),
    await issue('KUBE-APISERVER'),
    await issue('CN=kube-apiserver'),
    await issue('kubelet\nCN=kube-apiserver'),
    await issue('kubelet, CN=kube-apiserver'),
    await issue('x', { dnsNames: ['*.cluster.example'] }),
    await issue('x', { dnsNames: ['cluster.example', 'api.cluster.example.evil.example'] }),
    await issue('x', { urls: ['https://x/, DNS:api.cluster.example'] }),
    await issue('x', { urls: ['kube-apiserver'] }),
  ]
  for (const certificate of wrong) {
    const { status, body } = await call(certificate)
    t.equal(status, 403)
    t.match(body, /AKV_INJECTOR_CLIENT_NAMES accepts "kube-apiserver", "api.cluster.example"/)
  }
  t.equal((await call()).status, 403)
})

t.test('a session cannot be resumed: OpenSSL would not verify it again', async (t) => {
  const { caller } = await serveClients(t)
  let resumed = 0
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const limits = { minVersion: version, maxVersion: version }
    let session: Buffer | undefined
    for (let i = 0; i < 3; i++) {
      const socket = await openSocket(caller, { ...limits, ...(session && { session }) })
      // With TLS 1.3, a session comes after the handshake.
      socket.once('data', () => {
        session = socket.getSession()
      })
      if (socket.isSessionReused()) resumed++
      socket.write('POST /mutate HTTP/1.1\r\nhost: x\r\n\r\n')
      t.match(await untilClosed(socket), /^HTTP\/1.1 403/)
    }
  }
  t.equal(resumed, 0)
})

t.test('a kept connection is refused once its certificate has expired', async (t) => {
  const { call, keptAgent } = await serveClients(t)
  const agent = keptAgent()
  const { brief, notAfter, first } = await untilAccepted()
  await until(() => new Date() > notAfter)
  const second = await call(brief, agent)
  t.equal(second.localPort, first.localPort)
  t.equal(second.status, 403)
  t.match(second.body, 'CERT_HAS_EXPIRED')

  /** A busy machine needs a certificate that lasts longer. */
  async function untilAccepted() {
    for (let lifetimeMs = 2_000; ; lifetimeMs *= 2) {
      // Certificates have whole seconds.
      const notAfter = new Date(Math.ceil((Date.now() + lifetimeMs) / 1000) * 1000)
      const brief = await issueClientCertificate(authority, 'kube-apiserver', { notAfter })
      const first = await call(brief, agent)
      if (first.status === 200) return { brief, notAfter, first }
    }
  }
})

t.test('a new CA is used without a restart, and connections are judged by it', async (t) => {
  const { call, keptAgent, writeCa, tls } = await serveClients(t)
  const newcomer = await issueClientCertificate(other, 'kube-apiserver')
  const agent = keptAgent()
  const first = await call(apiServer, agent)
  t.equal((await call(newcomer)).status, 403)

  await writeCa(authority.certificatePem + other.certificatePem)
  await until(async () => (await call(newcomer)).status === 200)
  const last = await call(apiServer, agent)
  t.equal(last.localPort, first.localPort)
  t.equal(last.status, 200, 'a review in between does not fail')
  t.equal(last.headers.connection, 'close')
  const next = await call(apiServer, agent)
  t.not(next.localPort, first.localPort)
  t.equal(next.status, 200)
  t.not(next.headers.connection, 'close')

  await writeCa(other.certificatePem)
  await until(async () => (await call(apiServer)).status === 403)
  t.equal((await call(apiServer, agent)).headers.connection, 'close')
  t.equal((await call(apiServer, agent)).status, 403, 'the authority is gone')

  const before = (await call(newcomer)).serialNumber
  await tls.write(await tls.issue())
  await until(async () => (await call(newcomer)).serialNumber !== before)
  t.equal((await call(newcomer)).status, 200, 'with a new serving certificate')
  t.equal((await call(apiServer)).status, 403)
  t.equal((await call()).status, 403)
})

t.test('a handshake that outlasts its CA gains one request at most', async (t) => {
  const { caller, call, writeCa } = await serveClients(t)
  const tcp = connectTcp(caller.port, '127.0.0.1')
  await once(tcp, 'connect')
  // The server must have accepted it, with the first CA.
  t.equal((await call(apiServer)).status, 200)
  await writeCa(other.certificatePem)
  await until(async () => (await call(apiServer)).status === 403)
  const { certificatePem: cert, keyPem: key } = apiServer
  const socket = await openSocket(caller, { socket: tcp, cert, key })
  socket.write(
    `POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(review)}\r\n\r\n${review}`,
  )
  t.match(await untilClosed(socket), /^HTTP\/1.1 (200|403)[\s\S]*\r\nconnection: close\r\n/i)
})

t.test('a CA that cannot be read keeps the one in use, and is reported once', async (t) => {
  const { call, writeCa, tls, lines, ready } = await serveClients(t)
  for (const [pem, says] of [
    ['', 'found none in it'],
    [authority.certificatePem.slice(0, 300), 'certificate 1 of 1'],
    [apiServer.certificatePem, 'root'],
    [`${authority.certificatePem}-----BEGIN CERTIFICATE-----\nAAAA\n`, 'certificate 2 of 2'],
  ] as const) {
    await writeCa(pem)
    await until(() => lines.some((line) => line.includes(says)))
  }
  const before = (await call(apiServer)).serialNumber
  await tls.write(await tls.issue())
  await until(async () => (await call(apiServer)).serialNumber !== before)
  t.equal((await call()).status, 403, 'the new serving certificate has the old CA beside it')
  t.equal(await ready(), 'ok\n')
  t.equal(lines.filter((line) => line.includes('no usable CA of clients')).length, 4)
})

t.test('without a client CA, the webhook serves nobody and isn’t ready', async (t) => {
  const caFile = await unusedPath(t)
  const settings = { ...testSettings(t.testdirName), clients: { caFile, names: [] } }
  const { caller, ready } = await serve(t, { settings })
  t.match(await ready(), /there is no usable CA of clients in/)
  await t.rejects(post({ ...caller, certificate: apiServer }, review))
  await t.rejects(openSocket(caller).then((socket) => once(socket, 'close')))
  await writeFile(caFile, authority.certificatePem)
  await until(async () => (await ready()) === 'ok\n')
  t.equal((await post({ ...caller, certificate: apiServer }, review)).status, 200)
})
