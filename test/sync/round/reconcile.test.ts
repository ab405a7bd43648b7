import t from 'tap'
import { annotations, startWorld } from '../world.ts'

const db = '[{ secret: db, data: "password=db-password, url=db#url" }]'

t.test('an account gets what it asks for, each Secret whole', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put(
    'team-a',
    'web',
    annotations(`
- secret: web-tls
  type: kubernetes.io/tls
  data: tls/web
- { secret: db, data: "password=db-password, url=db#url", labels: { app: web } }`),
  )
  const nextMs = (await world.round()) ?? 0
  t.ok(nextMs > 290_000 && nextMs <= 300_000, 'then the refresh')
  t.strictSame(world.values('db'), { password: 'correct horse', url: 'postgres://x' })
  t.match(world.values('web-tls'), { 'tls.crt': /^-----BEGIN CERT/, 'tls.key': /PRIVATE KEY/ })
  const { metadata, type } = world.apiServer.secrets.get('team-a/db') ?? {}
  t.equal(type, 'Opaque')
  t.match(metadata, {
    labels: { app: 'web', 'app.kubernetes.io/managed-by': 'akv-injector' },
    annotations: {
      'akv-injector.io/synced': /^team-a:db-password@[0-9a-f]{32}, team-a:db@[0-9a-f]{32}$/,
    },
    ownerReferences: [{ apiVersion: 'v1', kind: 'ServiceAccount', name: 'web' }],
  })
  t.strictSame(world.events(), ['team-a/web Synced: created Secrets web-tls, db'])
  t.notMatch(JSON.stringify([world.log.lines, world.apiServer.events]), /correct horse|postgres/)
})

t.test('ten refreshes and as many restarts write nothing when nothing changed', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  await world.round()
  world.writes()
  for (let i = 0; i < 10; i++) {
    world.pass(301_000)
    await world.round()
    world.restart()
    await world.round()
  }
  t.strictSame(world.writes(), [])
  t.equal(world.events().length, 1)
})

t.test('a rotation comes in one write, with all keys', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  await world.round()
  world.writes()
  world.events()
  world.azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new one' })
  world.azure.rotate({ vault: 'team-a', name: 'db', value: '{"url":"postgres://y"}' })
  t.ok(await world.round())
  t.strictSame(world.writes(), [], 'not before it is time')
  world.pass(301_000)
  await world.round()
  t.strictSame(world.writes(), ['PATCH db'])
  t.strictSame(world.values('db'), { password: 'new one', url: 'postgres://y' })
  t.strictSame(world.events(), ['team-a/web Synced: updated Secret db'])
})

t.test('what was taken out of the annotation goes, also after a restart', async (t) => {
  const world = await startWorld(t)
  const two = `${db.slice(0, -1)}, { secret: more, data: extra }]`
  world.apiServer.accounts.put('team-a', 'web', annotations(two))
  await world.round()
  world.restart()
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  await world.round()
  t.equal(world.values('more'), undefined)
  t.ok(world.values('db'))
  world.restart()
  world.apiServer.accounts.put('team-a', 'web', {})
  t.equal(await world.round(), undefined)
  t.strictSame(world.apiServer.secrets.names(), [], 'not even the record is left')
  t.match(world.events().slice(1), [
    'team-a/web Synced: deleted Secret more',
    'team-a/web Synced: deleted Secret db',
  ])
  world.writes()
  await world.round()
  t.strictSame(world.writes(), [])
})

t.test('a Secret that somebody deleted comes back', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  await world.round()
  world.apiServer.secrets.delete('team-a/db')
  world.pass(301_000)
  await world.round()
  t.strictSame(world.values('db'), { password: 'correct horse', url: 'postgres://x' })
})

t.test('a mistake in an annotation is told once, and nothing is deleted for it', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  await world.round()
  world.events()
  world.writes()
  world.apiServer.accounts.put('team-a', 'web', annotations('[{ secret: db, dta: x }]'))
  t.ok(((await world.round()) ?? 0) > 3_000_000, 'it is told again later')
  t.match(world.events(), [/^team-a\/web SyncFailed: AKV_SYNC_ANNOTATION: .*dta/])
  await world.round()
  t.strictSame(world.events(), [])
  world.apiServer.accounts.put('team-a', 'web', annotations('[{ secret: db, dtaa: x }]'))
  await world.round()
  t.equal(world.events().length, 1, 'another mistake is another state')
  t.strictSame(world.writes(), [])
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  await world.round()
  t.match(world.events(), [/everything is in sync again$/])
})

t.test('inject: "false" stops everything and touches nothing', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  await world.round()
  world.writes()
  world.apiServer.accounts.put(
    'team-a',
    'web',
    annotations(db, { 'akv-injector.io/inject': 'false' }),
  )
  world.azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new one' })
  world.vaultPaths()
  t.equal(await world.round(), undefined)
  t.strictSame(world.writes(), [])
  t.strictSame(world.vaultPaths(), [])
})

t.test(
  'an account that the operator has not enabled is told so, and nothing is asked',
  async (t) => {
    const world = await startWorld(t)
    world.apiServer.accounts.put('team-a', 'unlisted', annotations(db))
    t.ok(((await world.round('unlisted')) ?? 0) > 3_000_000, 'it is told again later')
    await world.round('unlisted')
    t.match(world.events(), [/AKV_SYNC_NOT_ENABLED: .*team-a\/unlisted.*sync\.namespaces/])
    t.notOk(world.apiServer.requests.some(({ path }) => /secrets|token/.test(path)))
  },
)
