import { join } from 'node:path'
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
    const prepare = () => openSession({ config, credential, env: {}, clock: systemClock }).prepare
    prepare()([...objects('team-a', 2), ...objects('team-b', 5)], 4)
    const expected = 4 + 1
    while (server.connections() < expected) await new Promise((resolve) => setTimeout(resolve, 5))
    prepare()([], 4)
    while (server.connections() < expected + 1)
      await new Promise((resolve) => setTimeout(resolve, 5))
    t.equal(server.connections(), expected + 1, 'the sign-in has a connection, too')
    t.equal(server.requests.length, 0)
  },
)
