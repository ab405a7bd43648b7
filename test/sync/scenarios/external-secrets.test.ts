import t from 'tap'
import { identity, ready, secret, start, written } from '../harness/external-secret-simulation.ts'

const minuteMs = 60_000
const record = 'akv-injector-sync-web'

t.test('an ExternalSecret becomes a Secret, and its status says so', async (t) => {
  const simulation = await start(t)
  simulation.externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  await simulation.round()
  t.strictSame(simulation.values('db'), { password: 'correct horse' })
  t.strictSame(simulation.values(record), { secrets: 'db ExternalSecret/db' })
  t.match(simulation.externalSecrets.status('ExternalSecret', 'db'), {
    conditions: [{ type: 'Ready', status: 'True', reason: 'SecretSynced' }],
    refreshTime: /^20/,
    binding: { name: 'db' },
  })
  t.match(simulation.externalSecrets.status('SecretStore', 'kv'), {
    conditions: [{ type: 'Ready', status: 'True', reason: 'Valid' }],
  })
  t.match(simulation.events(), [
    'team-a/web Synced: created Secret db',
    'ExternalSecret team-a/db Synced: created Secret db; read as ServiceAccount web',
  ])
})

t.test('a refresh without news writes only its time into the status', async (t) => {
  const simulation = await start(t)
  simulation.externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  await simulation.round()
  await simulation.round()
  const { requests } = simulation.apiServer
  const before = requests.length
  simulation.pass(3 * 3_600_000)
  await simulation.round()
  t.match(
    requests.slice(before).filter(({ method }) => method === 'PATCH' || method === 'POST'),
    [{ method: 'PATCH', path: /\/externalsecrets\/db\/status$/ }],
  )
})

t.test('a template and a JSON object, and a change in the vault', async (t) => {
  const simulation = await start(t)
  const target = {
    name: 'app',
    template: { data: { url: '{{ .url }}?password={{ .password | trim }}' }, mergePolicy: 'Merge' },
  }
  simulation.externalSecrets.put(
    'ExternalSecret',
    { name: 'db' },
    secret({ target, dataFrom: [{ extract: { key: 'db' } }] }),
  )
  await simulation.round()
  t.strictSame(simulation.values('app'), {
    url: 'postgres://x?password=correct horse',
    password: 'correct horse',
  })
  simulation.pass(3_600_000)
  simulation.azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new' })
  await simulation.round()
  t.equal(simulation.values('app')?.['url'], 'postgres://x?password=new')
})

t.test('properties become keys, whatever their names are', async (t) => {
  const simulation = await start(t)
  const value = JSON.stringify({ 'a/b': '1', 'c\u0001d': '2', '../e': '3', ok: '4' })
  simulation.azure.rotate({ vault: 'team-a', name: 'db', value })
  simulation.externalSecrets.put(
    'ExternalSecret',
    { name: 'db' },
    secret({ data: [], dataFrom: [{ extract: { key: 'db' } }] }),
  )
  await simulation.round()
  t.match(ready(simulation), { status: 'False', message: /^AKV_SYNC_VALUES: Secret db: / })
  const named = JSON.stringify({ 'a/b': '1', 'c\u0001d': '2', ok: '4' })
  simulation.azure.rotate({ vault: 'team-a', name: 'db', value: named })
  simulation.pass(3_600_000)
  await simulation.round()
  t.strictSame(simulation.values('db'), { a_b: '1', c_d: '2', ok: '4' })
})

t.test('labels and annotations of an ExternalSecret without a template', async (t) => {
  const simulation = await start(t)
  const { externalSecrets, apiServer } = simulation
  const metadata = {
    labels: { app: 'web', 'app.kubernetes.io/managed-by': 'Helm' },
    annotations: {
      'example.com/team': 'web',
      'example.com/long': 'x'.repeat(100_000),
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
      'akv-injector.io/adopt': 'true',
    },
  }
  externalSecrets.put('ExternalSecret', { name: 'db' }, secret(), metadata)
  const target = { template: { metadata: { labels: { tier: 'back' } } } }
  externalSecrets.put('ExternalSecret', { name: 'other' }, secret({ target }), metadata)
  await simulation.round()
  const metadataOf = (name: string) => {
    const { labels, annotations = {} } = apiServer.secrets.get(`team-a/${name}`)?.metadata ?? {}
    const { 'akv-injector.io/synced': _, ...others } = annotations
    return { labels, annotations: others }
  }
  const managed = { 'app.kubernetes.io/managed-by': 'akv-injector' }
  t.strictSame(metadataOf('db'), {
    labels: { app: 'web', ...managed },
    annotations: { 'example.com/team': 'web' },
  })
  t.strictSame(metadataOf('other'), { labels: { tier: 'back', ...managed }, annotations: {} })
  externalSecrets.put('ExternalSecret', { name: 'db' }, secret(), { labels: {}, annotations: {} })
  await simulation.round()
  t.strictSame(metadataOf('db'), { labels: managed, annotations: {} })
})

t.test('a restart and an outage leave a templated Secret as it is', async (t) => {
  const simulation = await start(t)
  const target = { template: { data: { line: 'p={{ .password }}' } } }
  simulation.externalSecrets.put('ExternalSecret', { name: 'db' }, secret({ target }))
  await simulation.round()
  simulation.restart()
  simulation.pass(3_600_000)
  simulation.azure.addFault({
    match: { service: 'vault' },
    action: { kind: 'status', status: 503 },
  })
  simulation.writes()
  await simulation.round()
  t.strictSame(simulation.values('db'), { line: 'p=correct horse' })
  t.strictSame(simulation.writes(), [])
  t.match(ready(simulation), { status: 'False', message: /^AKV_VAULT_UNAVAILABLE: / })
})

t.test('a template that fails leaves the Secret, and the status says so', async (t) => {
  const simulation = await start(t)
  simulation.externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  await simulation.round()
  const target = { template: { data: { line: '{{ .password | b64dec }}' } } }
  simulation.externalSecrets.put('ExternalSecret', { name: 'db' }, secret({ target }))
  await simulation.round()
  t.strictSame(simulation.values('db'), { password: 'correct horse' })
  t.match(ready(simulation), {
    status: 'False',
    reason: 'SecretSyncedError',
    message:
      /^AKV_SYNC_VALUES: Secret db: its keys can't be made of the values in the vault: secret team-a:db-password\. /,
  })
})

t.test('a mistake in one source doesn’t affect another source of the account', async (t) => {
  const simulation = await start(t)
  simulation.externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  simulation.externalSecrets.put('ExternalSecret', { name: 'bad' }, secret({ refreshPolicy: 'x' }))
  simulation.externalSecrets.put('ExternalSecret', { name: 'absent' }, secret({}, 'absent'))
  await simulation.round()
  t.strictSame(simulation.values('db'), { password: 'correct horse' })
  t.match(ready(simulation), { status: 'True' })
  t.match(ready(simulation, 'bad'), {
    status: 'False',
    message: /^AKV_SYNC_SOURCE: ExternalSecret bad: spec\.refreshPolicy "x": is not supported here/,
  })
  t.match(ready(simulation, 'absent'), { status: 'False', message: /^AKV_OBJECT_NOT_FOUND: / })
})

t.test(
  'Secrets are held while their store is deleted, and refreshed when it is back',
  async (t) => {
    const simulation = await start(t)
    simulation.externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
    await simulation.round()
    simulation.externalSecrets.delete('SecretStore', 'kv')
    simulation.pass(10 * minuteMs)
    await simulation.round()
    t.strictSame(simulation.values('db'), { password: 'correct horse' })
    t.match(ready(simulation), {
      status: 'False',
      message: /SecretStore kv does not exist; apply it/,
    })
    simulation.externalSecrets.put('SecretStore', { name: 'kv' }, simulation.store())
    await simulation.round()
    t.match(ready(simulation), { status: 'True' })
  },
)

t.test('the Secret of a deleted ExternalSecret is deleted after a minute', async (t) => {
  const simulation = await start(t)
  simulation.externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  await simulation.round()
  simulation.externalSecrets.delete('ExternalSecret', 'db')
  await simulation.round()
  t.ok(simulation.values('db'))
  simulation.pass(minuteMs)
  await simulation.round()
  t.equal(simulation.values('db'), undefined)
  t.equal(simulation.values(record), undefined)
})

t.test('the Secrets stay when the CRDs go', async (t) => {
  const simulation = await start(t)
  simulation.externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  await simulation.round()
  simulation.externalSecrets.setKinds('deleted')
  await simulation.round()
  simulation.pass(10 * minuteMs)
  await simulation.round()
  t.strictSame(simulation.values('db'), { password: 'correct horse' })
  t.match(simulation.events().join('\n'), /stays as it is: this cluster no longer has this kind/)
})

t.test('the older of two sources for a Secret keeps it', async (t) => {
  const simulation = await start(t)
  const target = { name: 'same' }
  simulation.externalSecrets.put('ExternalSecret', { name: 'b' }, secret({ target }))
  simulation.externalSecrets.put('ExternalSecret', { name: 'a' }, secret({ target }, 'extra'), {
    creationTimestamp: '2026-02-01T00:00:00Z',
  })
  await simulation.round()
  t.strictSame(simulation.values('same'), { password: 'correct horse' })
  t.match(ready(simulation, 'a'), { status: 'False', message: /ExternalSecret b, which is older/ })
})

t.test('the account is the store’s, else the annotated one, else the only one', async (t) => {
  const simulation = await start(t, ['web', 'api'])
  simulation.externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  await simulation.round()
  t.match(ready(simulation), {
    status: 'False',
    message:
      /Secret sync is enabled for web, api in namespace team-a; annotate the ExternalSecret with/,
  })
  const serviceAccountRef = { name: 'web' }
  simulation.externalSecrets.put(
    'SecretStore',
    { name: 'kv' },
    simulation.store({ serviceAccountRef }),
  )
  await simulation.round()
  t.match(ready(simulation), { status: 'True' })
  simulation.externalSecrets.put(
    'SecretStore',
    { name: 'kv' },
    simulation.store({ serviceAccountRef: { name: 'nobody' } }),
  )
  await simulation.round()
  t.match(ready(simulation), {
    message: /its store names ServiceAccount nobody, which is not enabled/,
  })
})

t.test('a ClusterSecretStore is used if its conditions name the namespace', async (t) => {
  const simulation = await start(t)
  const secretStoreRef = { name: 'all', kind: 'ClusterSecretStore' }
  const put = (conditions: unknown) =>
    simulation.externalSecrets.put(
      'ClusterSecretStore',
      { name: 'all' },
      { ...simulation.store({ authType: 'ManagedIdentity' }), conditions },
    )
  put([{ namespaces: ['other'] }])
  simulation.externalSecrets.put('ExternalSecret', { name: 'db' }, secret({ secretStoreRef }))
  await simulation.round()
  t.match(ready(simulation), { message: /ClusterSecretStore all: spec\.conditions does not name/ })
  put([{ namespaceRegexes: ['^team-'] }])
  await simulation.round()
  t.strictSame(simulation.values('db'), { password: 'correct horse' })
  t.equal(
    ready(simulation)?.message,
    'Secret db was synced; read as ServiceAccount web; ClusterSecretStore all: spec.provider.azurekv.authType ManagedIdentity has no effect here; write WorkloadIdentity',
  )
})

t.test('while another controller writes statuses, nothing is done', async (t) => {
  const simulation = await start(t)
  const { externalSecrets } = simulation
  const spec = secret({ refreshInterval: '10m' })
  externalSecrets.put(
    'ExternalSecret',
    { name: 'db' },
    spec,
    written(simulation, 'external-secrets'),
  )
  externalSecrets.put('ExternalSecret', { name: 'new' }, spec, {
    creationTimestamp: new Date(simulation.clock.wallTime()).toISOString(),
  })
  await simulation.round()
  t.equal(simulation.values('db'), undefined)
  t.equal(simulation.values('new'), undefined, 'the other controller will see it, too')
  t.equal(ready(simulation), undefined, 'no status is written')
  t.match(
    simulation.events().join('\n'),
    /ExternalSecret team-a\/db SyncFailed: AKV_SYNC_MANAGED: ExternalSecret db: is managed by external-secrets, which wrote its status in the last 20 minutes; stop that controller for this namespace first/,
  )
  simulation.pass(20 * minuteMs)
  await simulation.round()
  t.strictSame(simulation.values('db'), { password: 'correct horse' })
  t.match(ready(simulation), { status: 'True' })
})

t.test('a status from the far future doesn’t keep us out forever', async (t) => {
  const simulation = await start(t)
  const { externalSecrets } = simulation
  const future = written(simulation, 'external-secrets', 5_000 * 24 * 3_600_000)
  externalSecrets.put('ExternalSecret', { name: 'db' }, secret(), future)
  externalSecrets.put('SecretStore', { name: 'kv' }, simulation.store(), future)
  await simulation.round()
  t.strictSame(simulation.values('db'), { password: 'correct horse' })
  t.match(ready(simulation), { status: 'True' })
  t.match(externalSecrets.status('SecretStore', 'kv'), { conditions: [{ reason: 'Valid' }] })
})

t.test('an object that is gone leaves the Secret, also with on-deleted: remove', async (t) => {
  const simulation = await start(t)
  const remove = { ...identity, 'akv-injector.io/on-deleted': 'remove' }
  simulation.apiServer.accounts.put('team-a', 'web', remove)
  simulation.externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  await simulation.round()
  simulation.azure.addFault({
    match: { service: 'vault' },
    action: { kind: 'status', status: 404 },
  })
  simulation.pass(2 * 3_600_000)
  await simulation.round()
  t.strictSame(simulation.values('db'), { password: 'correct horse' })
  t.match(ready(simulation), { status: 'False', message: /^AKV_OBJECT_NOT_FOUND: / })
})
