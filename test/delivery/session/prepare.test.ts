import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { openSession } from '../../../delivery/session/session.ts'
import type { ObjectReference } from '../../../keyvault/reference.ts'
import { systemClock } from '../../../lib/clock.ts'
import { agentConfig } from '../../init-agent/harness/pod.ts'
import { startHttpsServer } from '../../support/servers/start-https-server.ts'
import { clientId, tenantId } from '../../support/servers/start-test-emulator.ts'

const objects = (vault: string, count: number): readonly ObjectReference[] =>
  Array.from({ length: count }, (_, i) => ({ vault, type: 'secret', name: `s${i}` }))

t.test(
  'preparing opens as many connections as requests will be in flight, and sends nothing',
  async (t) => {
    const server = await startHttpsServer(t, (_request, response) => response.end())
    const { port } = new URL(server.url)
    const config = agentConfig({
      identity: { clientId, tenantId },
      cloud: {
        authorityHost: server.url,
        vaultUrl: `https://127.0.0.1:${port}/{vault}`,
        audience: 'https://vault.azure.net',
        ca: server.caPem,
      },
    })
    const credential = { tokenFile: join(t.testdir(), 'token') }
    const prepare = () =>
      openSession({ config, credential, env: {}, clock: systemClock, program: 'agent' }).prepare
    prepare()([...objects('team-a', 2), ...objects('team-b', 5)], 4)
    const expected = 4 + 1
    while (server.connections() < expected) await delay(5)
    prepare()([], 4)
    while (server.connections() < expected + 1) await delay(5)
    t.equal(server.connections(), expected + 1, 'the sign-in has a connection, too')
    t.equal(server.requests.length, 0)
  },
)

t.test('with an identity binding, it connects to the token proxy in place of Entra', async (t) => {
  const answer: RequestListener = (_request, response) => response.end()
  const [entra, proxy] = await Promise.all([
    startHttpsServer(t, answer),
    startHttpsServer(t, answer),
  ])
  const config = agentConfig({
    identity: { clientId, tenantId },
    cloud: {
      authorityHost: entra.url,
      vaultUrl: `${entra.url}/{vault}`,
      audience: 'https://vault.azure.net',
      ca: entra.caPem,
    },
    tokenProxy: { url: proxy.url, serverName: 'localhost', ca: proxy.caPem },
  })
  const credential = { tokenFile: join(t.testdir(), 'token') }
  const open = (env: NodeJS.ProcessEnv) =>
    openSession({ config, credential, env, clock: systemClock, program: 'agent' })
  open({}).prepare(objects('team-a', 2), 4)
  while (entra.connections() < 2 || proxy.connections() < 1) await delay(5)
  // Nobody listens there. No proxy is between a pod and its API server.
  open({ HTTPS_PROXY: 'http://127.0.0.1:1' }).prepare(objects('team-a', 2), 4)
  while (proxy.connections() < 2) await delay(5)
  t.strictSame([entra.connections(), proxy.connections()], [2, 2])
  t.equal(entra.requests.length + proxy.requests.length, 0)
})
