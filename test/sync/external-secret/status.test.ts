import t from 'tap'
import { identity, ready, secret, start, written } from '../harness/external-secret-simulation.ts'

const off = { ...identity, 'akv-injector.io/inject': 'false' }
const status = ({ externalSecrets }: Awaited<ReturnType<typeof start>>) =>
  externalSecrets.status('ExternalSecret', 'db')

t.test('the status of an account that is turned off says so, once', async (t) => {
  const simulation = await start(t)
  const { accounts } = simulation.apiServer
  simulation.externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  await simulation.round()
  simulation.events()
  accounts.put('team-a', 'web', off)
  for (let i = 0; i < 3; i++) await simulation.round()
  t.match(ready(simulation), {
    status: 'False',
    reason: 'SecretSyncedError',
    message:
      /^AKV_SYNC_ACCOUNT: ExternalSecret db: ServiceAccount web, which reads it, has the annotation akv-injector\.io\/inject: "false"; remove it\. /,
  })
  t.match(simulation.events(), [/^ExternalSecret team-a\/db SyncFailed: AKV_SYNC_ACCOUNT: /])
  t.ok(simulation.values('db'), 'its Secret stays')
  accounts.put('team-a', 'web', identity)
  await simulation.round()
  t.match(ready(simulation), { status: 'True' })
})

t.test('the status of an account with wrong annotations says so, once', async (t) => {
  const simulation = await start(t)
  simulation.externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  await simulation.round()
  simulation.events()
  const wrong = { ...identity, 'akv-injector.io/refresh': 'often' }
  simulation.apiServer.accounts.put('team-a', 'web', wrong)
  for (let i = 0; i < 3; i++) await simulation.round()
  t.match(ready(simulation), {
    status: 'False',
    message:
      /^AKV_SYNC_ACCOUNT: ExternalSecret db: ServiceAccount web, which reads it, has wrong annotations: akv-injector\.io\/refresh.*often/,
  })
  const events = simulation.events()
  t.equal(events.filter((event) => event.startsWith('ExternalSecret team-a/db ')).length, 1)
  t.ok(simulation.values('db'))
})

t.test('the status of a refused ExternalSecret says so, also after a restart', async (t) => {
  const simulation = await start(t)
  simulation.externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  await simulation.round()
  simulation.events()
  const spec = secret({ target: { creationPolicy: 'Orphan' } })
  simulation.externalSecrets.put('ExternalSecret', { name: 'db' }, spec)
  simulation.restart()
  for (let i = 0; i < 3; i++) await simulation.round()
  t.match(ready(simulation), { status: 'False', message: /spec\.target\.creationPolicy "Orphan"/ })
  t.strictSame(
    simulation.events().map((event) => event.slice(0, 50)),
    [
      'team-a/web SyncFailed: AKV_SYNC_SOURCE: ExternalSe',
      'ExternalSecret team-a/db SyncFailed: AKV_SYNC_SOUR',
    ],
  )
})

t.test('an ExternalSecret of an account that is no longer enabled is not ready', async (t) => {
  const simulation = await start(t, ['api'])
  const byWeb = { 'akv-injector.io/service-account': 'web' }
  const { externalSecrets } = simulation
  externalSecrets.put('ExternalSecret', { name: 'db' }, secret(), { annotations: byWeb })
  await simulation.round('api')
  t.match(ready(simulation), {
    status: 'False',
    message: /names "web", but Secret sync is enabled for api in namespace team-a/,
  })
})

t.test('a failure of the API server that stops the round is not success', async (t) => {
  const simulation = await start(t)
  simulation.externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  await simulation.round()
  simulation.apiServer.before = ({ method, path }) =>
    method === 'GET' && path.endsWith('/secrets/akv-injector-sync-web')
      ? [403, { message: 'forbidden' }]
      : undefined
  simulation.pass(3 * 3_600_000)
  await simulation.round()
  t.match(ready(simulation), { status: 'False', message: /^AKV_CLUSTER_FORBIDDEN: / })
})

t.test('syncedResourceVersion follows the spec, the labels and the annotations', async (t) => {
  const simulation = await start(t)
  const { externalSecrets } = simulation
  externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  await simulation.round()
  const first = status(simulation)
  t.match(first?.syncedResourceVersion, /^\d+-[0-9a-f]{56}$/)
  simulation.pass(3 * 3_600_000)
  await simulation.round()
  const { refreshTime, ...others } = status(simulation) ?? {}
  t.match(first, others, 'and is stable otherwise')
  t.ok(
    Date.parse(String(refreshTime)) > Date.parse(String(first?.refreshTime)),
    'as with the operator',
  )
  const annotations = { 'force-sync': '1' }
  simulation.vaultPaths()
  externalSecrets.put('ExternalSecret', { name: 'db' }, secret(), { annotations })
  await simulation.round()
  t.not(status(simulation)?.syncedResourceVersion, first?.syncedResourceVersion)
  t.equal(simulation.vaultPaths().length, 1, 'as with the operator, it fetches the values')
})

t.test('a failure keeps what the last success has written', async (t) => {
  const simulation = await start(t)
  const { externalSecrets } = simulation
  externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  await simulation.round()
  const { conditions: _, ...first } = status(simulation) ?? {}
  t.match(first, { refreshTime: /^20/, binding: { name: 'db' } })
  externalSecrets.put(
    'ExternalSecret',
    { name: 'db' },
    secret({ target: { creationPolicy: 'Orphan' } }),
  )
  await simulation.round()
  const { conditions: failed, ...after } = status(simulation) ?? {}
  t.match(failed, [{ status: 'False' }])
  t.strictSame(after, first)
})

t.test('while the stores can’t be listed, nobody is told that one does not exist', async (t) => {
  const simulation = await start(t)
  const { apiServer, externalSecrets } = simulation
  externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  externalSecrets.delete('SecretStore', 'kv')
  apiServer.before = ({ method, path }) =>
    method === 'GET' && path.endsWith('/secretstores') ? [403, {}] : undefined
  await simulation.round()
  const unlisted =
    /: SecretStore kv: the controller can't list the SecretStores, and its log says why\. /
  t.match(ready(simulation), { status: 'False', message: unlisted })
  apiServer.before = () => undefined
  await simulation.round()
  t.match(ready(simulation), { status: 'False', message: /: SecretStore kv does not exist; apply/ })
  externalSecrets.put('SecretStore', { name: 'kv' }, simulation.store())
  await simulation.round()
  t.match(ready(simulation), { status: 'True' })
  apiServer.before = ({ method, path }) =>
    method === 'GET' && path.endsWith('/secretstores') ? [403, {}] : undefined
  await simulation.round()
  t.match(ready(simulation), { status: 'True' }, 'a store that was listed once stays known')
})

t.test('the status of a store that another controller writes is left to it', async (t) => {
  const simulation = await start(t)
  const { externalSecrets } = simulation
  const place = { name: 'push' }
  const writeTheirs = () => {
    const spec = simulation.store({ tenantId: 'x' })
    externalSecrets.put('SecretStore', place, spec, written(simulation, 'external-secrets'))
  }
  const isOurs = () =>
    externalSecrets.status('SecretStore', 'push')?.conditions[0].reason === 'InvalidProviderConfig'
  writeTheirs()
  await simulation.round()
  t.notOk(isOurs(), 'or both would write it again and again')
  simulation.pass(11 * 60_000)
  await simulation.round()
  t.ok(isOurs(), 'the other one may have stopped')
  t.match(externalSecrets.status('SecretStore', 'kv'), { conditions: [{ status: 'True' }] })
  writeTheirs()
  simulation.writes()
  await simulation.round()
  t.strictSame(simulation.writes(), [])
})
