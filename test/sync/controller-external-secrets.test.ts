import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { startController } from '../../sync/controller.ts'
import { ready, secret, start } from './harness/external-secret-simulation.ts'

t.test('if one list fails at the start, no ExternalSecret looks broken', async (t) => {
  const simulation = await start(t)
  const { apiServer, externalSecrets } = simulation
  externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  await simulation.round()
  t.match(ready(simulation), { status: 'True' })
  simulation.vaultPaths()
  // Otherwise, a start would make nothing due.
  simulation.pass(3_600_000)

  let hasFailed = false
  const written: unknown[] = []
  apiServer.before = async ({ method, path, body }) => {
    if (method === 'PATCH') written.push({ path, body })
    if (hasFailed || method !== 'GET' || !path.endsWith('/secretstores')) return undefined
    hasFailed = true
    // Everything else is known by then, and the namespace has rested from its first round.
    while (apiServer.watches() < 4) await setTimeout(5)
    simulation.pass(10_000)
    return [503, {}]
  }
  apiServer.rights.enable('team-a', ['web'])
  const controller = startController({
    ...simulation.options,
    kinds: ['ExternalSecret'],
    watch: 'cluster',
  })
  // A round that knows the store asks for the value. It comes after a round that doesn't, which would write a status.
  while (simulation.vaultPaths().length === 0) await setTimeout(5)
  simulation.stop.abort()
  await controller.ended()
  t.ok(hasFailed)
  // The refresh may have been written down before the end.
  for (const write of written)
    t.match(write, {
      path: /\/externalsecrets\/db\/status$/,
      body: { status: { conditions: [{ status: 'True' }] } },
    })
})
