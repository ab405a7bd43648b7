import t from 'tap'
import { annotations, type Simulation, startSimulation } from '../harness/simulation.ts'

const db = '[{ secret: db, data: "password=db-password" }]'

/** An admission webhook that puts its own into what is written. */
function addWebhook(simulation: Simulation): void {
  simulation.apiServer.before = ({ method, path, contentType }) => {
    if (method !== 'PATCH' || !path.endsWith('/secrets/db') || !contentType.includes('apply'))
      return undefined
    const secret = simulation.apiServer.secrets.get('team-a/db')
    if (secret === undefined) return undefined
    return [200, { ...secret, data: { ...secret.data, password: 'dGhlaXJz' } }]
  }
}

t.test('a webhook that changes our writes is reported, and we don’t write again', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  await simulation.round()
  simulation.events()
  simulation.writes()
  addWebhook(simulation)
  simulation.azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new one' })
  for (let i = 0; i < 3; i++) {
    simulation.pass(301_000)
    const nextMs = await simulation.round()
    t.ok(nextMs && nextMs > 290_000, 'no sooner than it is looked at anyway')
    t.strictSame(simulation.writes(), ['PATCH db'])
  }
  t.match(simulation.events(), [
    /AKV_SECRET_CONFLICT: Secret db: something changes the Secret while it is being written.*admission webhook/,
  ])
  t.match(
    await simulation.options.metrics.text(),
    /failures_total\{namespace="team-a",account="web",code="AKV_SECRET_CONFLICT"\} 3/,
  )
  simulation.apiServer.before = () => undefined
  simulation.pass(301_000)
  await simulation.round()
  t.strictSame(simulation.values('db'), { password: 'new one' })
  t.match(simulation.events(), [/updated Secret db$/, /in sync again$/])
})

t.test('a missing namespace is named at the first attempt', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  const message = 'namespaces "team-a" not found'
  simulation.apiServer.before = ({ method, path }) =>
    method === 'POST' && path.endsWith('/secrets')
      ? [404, { message, details: { name: 'team-a', kind: 'namespaces' } }]
      : undefined
  await simulation.round()
  t.equal(simulation.writes().length, 1)
  t.match(simulation.events(), [/AKV_CLUSTER_FORBIDDEN: .*its namespace does not exist/])
})

t.test('a retry doesn’t undo the newer write of another replica', async (t) => {
  const simulation = await startSimulation(t)
  const two = `${db.slice(0, -1)}, { secret: more, data: absent }]`
  simulation.apiServer.accounts.put('team-a', 'web', annotations(two))
  await simulation.round()
  const manager = 'akv-injector-sync'
  simulation.apiServer.secrets.edit('team-a/db', { data: { password: 'newer' } }, manager)
  simulation.azure.rotate({ vault: 'team-a', name: 'db-password', value: 'newer' })
  simulation.writes()
  await simulation.round()
  t.strictSame(simulation.values('db'), { password: 'newer' })
  t.strictSame(simulation.writes(), [])
  simulation.vaultPaths()
  await simulation.round()
  t.match(
    simulation.vaultPaths().toSorted(),
    [/absent/, /db-password/],
    'then it asks for everything',
  )
  t.strictSame(simulation.values('db'), { password: 'newer' })
})

t.test('a created Secret is reported even if the next step fails', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  simulation.apiServer.before = ({ method, path }) =>
    method === 'PATCH' && path.endsWith('/secrets/db') ? [503, {}] : undefined
  await simulation.round()
  t.match(simulation.events(), [/Synced: created Secret db$/, /AKV_CLUSTER_UNAVAILABLE/])
})

t.test('a foreign Secret with the record’s name is reported', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.secrets.create('team-a/akv-injector-sync-web')
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  await simulation.round()
  t.equal(simulation.values('db'), undefined)
  t.match(simulation.events(), [
    /AKV_SECRET_FOREIGN: Secret akv-injector-sync-web, which the controller needs for its record, .*\. Delete that Secret/,
  ])
})
