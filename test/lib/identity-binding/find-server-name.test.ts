import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import t, { type Test } from 'tap'
import { findServerName } from '../../../lib/identity-binding/find-server-name.ts'
import { issueTestAuthority } from '../../support/issue-test-authority.ts'

const id = '696995ccb303450001b31a18'
const { signal } = new AbortController()

/** An API server's side of the handshake, with the server names that clients have sent. */
async function startServer(t: Test) {
  const authority = await issueTestAuthority()
  const { keyPem, certificatePem } = await authority.issue({
    dnsNames: ['localhost', `hcp-kubernetes.${id}.svc.cluster.local`],
    ipAddresses: ['127.0.0.1'],
  })
  const serverNames: string[] = []
  const server = createServer({
    ...{ key: keyPem, cert: certificatePem },
    // Called before the handshake ends, and only for a client that sends a name.
    SNICallback(name, done) {
      serverNames.push(name)
      done(null)
    },
  })
  server.on('secureConnection', (socket) => socket.on('error', () => undefined))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const find = (host: string) =>
    findServerName({ url: `https://${host}:${port}`, ca: authority.certificatePem }, signal)
  return { find, serverNames }
}

t.test('a name is sent to the API server, and an address isn’t', async (t) => {
  const { find, serverNames } = await startServer(t)
  for (const host of ['localhost', '127.0.0.1'])
    t.match(await find(host), /^a[0-9a-v]{52}\.ests\.aks$/, host)
  t.strictSame(serverNames, ['localhost'])
})

t.test('the certificate must be one of the name or the address in the URL', async (t) => {
  const { find } = await startServer(t)
  await t.rejects(find('127.0.0.2'), { message: /127\.0\.0\.2/ })
})

t.test('an IPv6 address isn’t looked up as if it were a name', async (t) => {
  await t.rejects(findServerName({ url: 'https://[::1]:1', ca: '' }, signal), {
    // A machine without IPv6 says so in its own way.
    message: /: .*(?:ECONNREFUSED|EADDRNOTAVAIL|ENETUNREACH|EAFNOSUPPORT)/,
  })
})
