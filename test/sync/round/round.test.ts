import t from 'tap'
import { annotations, startSimulation } from '../harness/simulation.ts'

const db = '[{ secret: db, data: "password=db-password, url=db#url" }]'

t.test('an account gets each requested Secret with all its keys', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put(
    'team-a',
    'web',
    annotations(`
- secret: web-tls
  type: kubernetes.io/tls
  data: tls/web
- { secret: db, data: "password=db-password, url=db#url", labels: { app: web } }`),
  )
  const nextMs = (await simulation.round()) ?? 0
  t.ok(nextMs > 290_000 && nextMs <= 300_000, 'then the refresh')
  t.strictSame(simulation.values('db'), { password: 'correct horse', url: 'postgres://x' })
  t.match(simulation.values('web-tls'), { 'tls.crt': /^-----BEGIN CERT/, 'tls.key': /PRIVATE KEY/ })
  const { metadata, type } = simulation.apiServer.secrets.get('team-a/db') ?? {}
  t.equal(type, 'Opaque')
  t.match(metadata, {
    labels: { app: 'web', 'app.kubernetes.io/managed-by': 'akv-injector' },
    annotations: {
      'akv-injector.io/synced': /^team-a:db-password@[0-9a-f]{32}, team-a:db@[0-9a-f]{32}$/,
    },
    ownerReferences: [{ apiVersion: 'v1', kind: 'ServiceAccount', name: 'web' }],
  })
  t.strictSame(simulation.events(), ['team-a/web Synced: created Secrets web-tls, db'])
  t.notMatch(
    JSON.stringify([simulation.log.lines, simulation.apiServer.events]),
    /correct horse|postgres/,
  )
})

t.test('refreshes and restarts write nothing if nothing changed', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  await simulation.round()
  simulation.writes()
  for (let i = 0; i < 10; i++) {
    simulation.pass(301_000)
    await simulation.round()
    simulation.restart()
    await simulation.round()
  }
  t.strictSame(simulation.writes(), [])
  t.equal(simulation.events().length, 1)
})

t.test('a rotation is one write with all keys', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  await simulation.round()
  simulation.writes()
  simulation.events()
  simulation.azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new one' })
  simulation.azure.rotate({ vault: 'team-a', name: 'db', value: '{"url":"postgres://y"}' })
  t.ok(await simulation.round())
  t.strictSame(simulation.writes(), [], 'not before it is time')
  simulation.pass(301_000)
  await simulation.round()
  t.strictSame(simulation.writes(), ['PATCH db'])
  t.strictSame(simulation.values('db'), { password: 'new one', url: 'postgres://y' })
  t.strictSame(simulation.events(), ['team-a/web Synced: updated Secret db'])
})

t.test('a Secret removed from the annotation is deleted, even after a restart', async (t) => {
  const simulation = await startSimulation(t)
  const two = `${db.slice(0, -1)}, { secret: more, data: extra }]`
  simulation.apiServer.accounts.put('team-a', 'web', annotations(two))
  await simulation.round()
  simulation.restart()
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  await simulation.round()
  t.equal(simulation.values('more'), undefined)
  t.ok(simulation.values('db'))
  simulation.restart()
  simulation.apiServer.accounts.put('team-a', 'web', {})
  t.equal(await simulation.round(), undefined)
  t.strictSame(simulation.apiServer.secrets.names(), [], 'not even the record is left')
  t.match(simulation.events().slice(1), [
    'team-a/web Synced: deleted Secret more',
    'team-a/web Synced: deleted Secret db',
  ])
  simulation.writes()
  await simulation.round()
  t.strictSame(simulation.writes(), [])
})

t.test('a deleted Secret is created again', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  await simulation.round()
  simulation.apiServer.secrets.delete('team-a/db')
  simulation.pass(301_000)
  await simulation.round()
  t.strictSame(simulation.values('db'), { password: 'correct horse', url: 'postgres://x' })
})

t.test('a mistake in an annotation is reported once and deletes nothing', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  await simulation.round()
  simulation.events()
  simulation.writes()
  simulation.apiServer.accounts.put('team-a', 'web', annotations('[{ secret: db, dta: x }]'))
  t.ok(((await simulation.round()) ?? 0) > 3_000_000, 'it is told again later')
  t.match(simulation.events(), [/^team-a\/web SyncFailed: AKV_SYNC_ANNOTATION: .*dta/])
  await simulation.round()
  t.strictSame(simulation.events(), [])
  simulation.apiServer.accounts.put('team-a', 'web', annotations('[{ secret: db, dtaa: x }]'))
  await simulation.round()
  t.equal(simulation.events().length, 1, 'another mistake is another state')
  t.strictSame(simulation.writes(), [])
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  await simulation.round()
  t.match(simulation.events(), [/everything is in sync again$/])
})

t.test('inject: "false" stops everything and changes nothing', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  await simulation.round()
  simulation.writes()
  simulation.apiServer.accounts.put(
    'team-a',
    'web',
    annotations(db, { 'akv-injector.io/inject': 'false' }),
  )
  simulation.azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new one' })
  simulation.vaultPaths()
  t.equal(await simulation.round(), undefined)
  t.strictSame(simulation.writes(), [])
  t.strictSame(simulation.vaultPaths(), [])
})

t.test('an account that isn’t enabled is told so, and no vault is asked', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'unlisted', annotations(db))
  t.ok(((await simulation.round('unlisted')) ?? 0) > 3_000_000, 'it is told again later')
  await simulation.round('unlisted')
  t.match(simulation.events(), [
    /AKV_SYNC_NOT_ENABLED: .*team-a\/unlisted is not enabled .*akv-injector rbac/,
  ])
  t.notOk(simulation.apiServer.requests.some(({ path }) => /secrets|token/.test(path)))
})

t.test(
  'a round in an outage of the API server is repeated, and nothing is reported of it',
  async (t) => {
    const simulation = await startSimulation(t)
    const { apiServer, log } = simulation
    apiServer.accounts.put('team-a', 'web', annotations(db))
    await simulation.round()
    simulation.azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new one' })
    apiServer.accounts.put('team-a', 'web', annotations(db, { 'akv-injector.io/sync-now': 'x' }))
    simulation.events()
    const before = log.lines.length
    const refused: string[] = []
    apiServer.before = ({ method, path }) => {
      if (path.endsWith('/serviceaccounts')) return undefined
      refused.push(`${method} ${path}`)
      return [503, {}]
    }
    t.equal(await simulation.round(), 0)
    t.strictSame(refused.slice(0, 2), [
      'GET /api/v1/namespaces/team-a/secrets/akv-injector-sync-web',
      'GET /api/v1/namespaces',
    ])
    const news = log.lines.slice(before).filter(({ level }) => level !== 'debug')
    t.match(news, [{ message: /^the API server is unavailable/ }])
    t.equal(news.length, 1)
    apiServer.before = () => undefined
    await simulation.options.outage.over()
    t.ok(await simulation.round())
    t.match(simulation.values('db'), { password: 'new one' }, 'it is still a regular one')
    t.strictSame(simulation.events(), ['team-a/web Synced: updated Secret db'])
  },
)

t.test('what a round has changed before an outage is reported', async (t) => {
  const simulation = await startSimulation(t)
  const { apiServer, log } = simulation
  const two = `${db.slice(0, -1)}, { secret: more, data: extra }]`
  apiServer.accounts.put('team-a', 'web', annotations(two))
  let isDown = false
  apiServer.before = ({ method, path }) => {
    isDown ||= method === 'POST' && simulation.values('db') !== undefined
    return isDown && !path.endsWith('/serviceaccounts') ? [503, {}] : undefined
  }
  await simulation.round()
  const messages = () => log.lines.filter(({ level }) => level !== 'debug').map((l) => l.message)
  t.match(messages(), [
    /^the API server is unavailable/,
    'created Secret db',
    'Secret team-a/more: the API server answered 503',
  ])
  t.equal(messages().length, 3, 'that the status wasn’t written is not logged')
})
