import t from 'tap'
import { annotations, startWorld, type World } from './world.ts'

const db = '[{ secret: db, data: "password=db-password" }]'

/** An admission webhook that puts its own into what is written. */
function addWebhook(world: World): void {
  world.apiServer.before = ({ method, path, contentType }) => {
    if (method !== 'PATCH' || !path.endsWith('/secrets/db') || !contentType.includes('apply'))
      return undefined
    const secret = world.apiServer.secrets.get('team-a/db')
    if (secret === undefined) return undefined
    return [200, { ...secret, data: { ...secret.data, password: 'dGhlaXJz' } }]
  }
}

t.test('an admission webhook that changes what is written is told of, not fought', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  await world.round()
  world.events()
  world.writes()
  addWebhook(world)
  world.azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new one' })
  for (let i = 0; i < 3; i++) {
    world.pass(301_000)
    const nextMs = await world.round()
    t.ok(nextMs && nextMs > 290_000, 'no sooner than it is looked at anyway')
    t.strictSame(world.writes(), ['PATCH db'])
  }
  t.match(world.events(), [
    /AKV_SECRET_CONFLICT: Secret db: something changes the Secret while it is being written.*admission webhook/,
  ])
  t.match(
    await world.options.metrics.text(),
    /failures_total\{namespace="team-a",account="web",code="AKV_SECRET_CONFLICT"\} 3/,
  )
  world.apiServer.before = () => undefined
  world.pass(301_000)
  await world.round()
  t.strictSame(world.values('db'), { password: 'new one' })
  t.match(world.events(), [/updated Secret db$/, /in sync again$/])
})

t.test('a namespace that is not there is named, at the first try', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  const message = 'namespaces "team-a" not found'
  world.apiServer.before = ({ method, path }) =>
    method === 'POST' && path.endsWith('/secrets')
      ? [404, { message, details: { name: 'team-a', kind: 'namespaces' } }]
      : undefined
  await world.round()
  t.equal(world.writes().length, 1)
  t.match(world.events(), [/AKV_CLUSTER_FORBIDDEN: .*its namespace does not exist/])
})

t.test('a retry does not put back what another replica has brought up to date', async (t) => {
  const world = await startWorld(t)
  const two = `${db.slice(0, -1)}, { secret: more, data: absent }]`
  world.apiServer.accounts.put('team-a', 'web', annotations(two))
  await world.round()
  const manager = 'akv-injector-sync'
  world.apiServer.secrets.edit('team-a/db', { data: { password: 'newer' } }, manager)
  world.azure.rotate({ vault: 'team-a', name: 'db-password', value: 'newer' })
  world.writes()
  await world.round()
  t.strictSame(world.values('db'), { password: 'newer' })
  t.strictSame(world.writes(), [])
  world.vaultPaths()
  await world.round()
  t.match(world.vaultPaths().toSorted(), [/absent/, /db-password/], 'then it asks for everything')
  t.strictSame(world.values('db'), { password: 'newer' })
})

t.test('a Secret that was made is told, though its next step failed', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  world.apiServer.before = ({ method, path }) =>
    method === 'PATCH' && path.endsWith('/secrets/db') ? [503, {}] : undefined
  await world.round()
  t.match(world.events(), [/Synced: created Secret db$/, /AKV_CLUSTER_UNAVAILABLE/])
})

t.test('where somebody’s Secret lies in the place of the record, this is said', async (t) => {
  const world = await startWorld(t)
  world.apiServer.secrets.create('team-a/akv-injector-sync-web')
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  await world.round()
  t.equal(world.values('db'), undefined)
  t.match(world.events(), [
    /AKV_SECRET_FOREIGN: Secret akv-injector-sync-web, which the controller needs for its record, .*\. Delete that Secret/,
  ])
})
