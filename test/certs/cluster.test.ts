import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { connectCertsCluster } from '../../certs/cluster.ts'
import type { CertsSettings } from '../../certs/settings.ts'
import { startApiServer } from '../support/api-server/start-api-server.ts'
import { kubeconfigText } from '../support/kubeconfig-text.ts'
import { startSilentServer } from '../support/servers/start-silent-server.ts'
import { showBehaviour } from './harness/behaviour.ts'

const settings: CertsSettings = {
  namespace: 'akv-injector',
  service: 'akv-injector-webhook',
  caSecret: 'ca',
  tlsSecret: 'tls',
  webhookConfiguration: 'zz-akv-injector',
  healthListen: { host: '127.0.0.1', port: 0 },
}
const connectTo = (kubeconfigFile: string, timeoutMs = 300_000) => {
  process.env['KUBECONFIG'] = kubeconfigFile
  const signal = new AbortController().signal
  return connectCertsCluster({ settings, signal, timeoutMs })
}

t.test('on the tests’ API server, the controller works as on a real one', async (t) => {
  const apiServer = await startApiServer(t)
  await showBehaviour(t, { kubeconfigFile: apiServer.kubeconfigFile, namespace: 'akv-injector' })
})

t.test(
  'the certificate controller asks for its three objects by name, and for nothing else',
  async (t) => {
    const apiServer = await startApiServer(t)
    await connectTo(apiServer.kubeconfigFile).read()
    // The client alone would make one for each request, and keep their memory.
    t.ok(apiServer.connections() < 3, `${apiServer.connections()} connections`)
    t.strictSame(apiServer.requests.map(({ method, path }) => `${method} ${path}`).sort(), [
      'GET /api/v1/namespaces/akv-injector/secrets/ca',
      'GET /api/v1/namespaces/akv-injector/secrets/tls',
      'GET /apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/zz-akv-injector',
    ])
  },
)

t.test('the certificate controller takes the time from the API server’s clock', async (t) => {
  const apiServer = await startApiServer(t)
  apiServer.date = new Date('2031-01-01T00:00:00Z')
  const { now } = await connectTo(apiServer.kubeconfigFile).read()
  // It goes on while the answer is read.
  t.match(now.toISOString(), /^2031-01-01T00:/)
})

t.test('a failed request is reported in one sentence', async (t) => {
  const apiServer = await startApiServer(t)
  const cluster = connectTo(apiServer.kubeconfigFile)
  const write = { content: { 'tls.key': 'a-private-key' }, resourceVersion: '1' }
  for (const [status, body, sentence] of [
    [403, '{"kind":"Status","message":"secrets is forbidden"}', '403: secrets is forbidden'],
    [500, 'a page', '500: no reason given'],
    [503, '', '503: no reason given'],
    [400, '"text"', '400: no reason given'],
  ] as const) {
    apiServer.before = () => [status, body]
    await t.rejects(cluster.read(), { message: `the API server answered ${sentence}` })
    await t.rejects(cluster.writeLeaf(write), { message: `the API server answered ${sentence}` })
  }
  apiServer.before = () => [422, { message: 'x'.repeat(10_000) }]
  await t.rejects(cluster.read(), { message: /^.{400,600}$/ })
  apiServer.before = () => [200, '{']
  await t.rejects(cluster.read(), Error)
})

t.test(
  'the certificate controller reports an API server that it can’t reach or that doesn’t answer',
  async (t) => {
    const folder = t.testdir()
    const file = join(folder, 'kubeconfig')
    const { port, close } = await startSilentServer(t)
    writeFileSync(file, kubeconfigText({ server: `https://127.0.0.1:${port}`, token: 'x' }))
    await t.rejects(connectTo(file, 100).read(), {
      message: /^cannot reach the API server: .*time/,
    })
    close()
    await t.rejects(connectTo(file).read(), {
      message: /^cannot reach the API server: .*ECONNREFUSED/,
    })
    writeFileSync(file, '{}')
    t.throws(() => connectTo(file), /the kubeconfig names no cluster/)
  },
)
