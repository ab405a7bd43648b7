import t, { type Test } from 'tap'
import { classSpec, objectList, oneSecret, secret, secretObject } from '../harness/class-example.ts'
import {
  annotations,
  apiId,
  type Simulation,
  startSimulation,
  webId,
} from '../harness/simulation.ts'

const good = { password: 'correct horse' }
const record = 'akv-injector-sync-web'
const minuteMs = 60_000

async function start(t: Test, accounts: readonly string[] = ['web'], listed = accounts) {
  const simulation = await startSimulation(t, { classesOf: listed })
  for (const name of accounts) simulation.apiServer.accounts.put('team-a', name, {})
  return simulation
}
const classes = ({ apiServer }: Simulation) => apiServer.classes
/** Without the versions. */
const status = ({ apiServer }: Simulation) =>
  apiServer.accounts
    .annotationsOf('team-a', 'web')
    ?.['akv-injector.io/sync-status']?.replaceAll(/\n {2}\[.*\]/g, '')

t.test('a class becomes a Secret, without a word on the account', async (t) => {
  const simulation = await start(t)
  classes(simulation).put('team-a', 'kv', oneSecret('synced'))
  await simulation.round()
  t.strictSame(simulation.values('synced'), good)
  t.strictSame(simulation.values(record), { secrets: 'synced SecretProviderClass/kv' })
  t.equal(status(simulation), 'synced: ready')
  t.strictSame(simulation.events(), [
    'team-a/web Synced: created Secret synced',
    'SecretProviderClass team-a/kv Synced: created Secret synced; read as ServiceAccount web',
  ])
  t.match(simulation.apiServer.secrets.get('team-a/synced'), {
    metadata: { ownerReferences: [{ kind: 'ServiceAccount', name: 'web' }] },
  })
  simulation.writes()
  simulation.pass(3_600_000)
  simulation.azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new' })
  await simulation.round()
  t.strictSame(simulation.values('synced'), { password: 'new' })
  t.strictSame(simulation.writes(), ['PATCH synced'])
})

t.test('keys hold older versions of a history', async (t) => {
  const simulation = await start(t)
  const { azure } = simulation
  const rotate = (value: string) => azure.rotate({ vault: 'team-a', name: 'db-password', value })
  const objects = objectList(secret('db-password', 'objectAlias: db', 'objectVersionHistory: 3'))
  const keys = { now: 'db/0', before: 'db/1' }
  classes(simulation).put('team-a', 'kv', classSpec([secretObject('synced', keys)], { objects }))
  await simulation.round()
  t.equal(simulation.values('synced'), undefined, 'as the driver, it makes no part of a Secret')
  t.match(simulation.events(), [
    /^team-a\/web SyncFailed: AKV_OBJECT_NOT_FOUND: secret team-a:db-password: number 1 of its history is requested, where the newest version has number 0, but the vault has only 1 enabled version\. /,
    /^SecretProviderClass team-a\/kv SyncFailed: AKV_OBJECT_NOT_FOUND: /,
  ])
  simulation.pass(3_600_000)
  rotate('second')
  await simulation.round()
  t.strictSame(simulation.values('synced'), { now: 'second', before: 'correct horse' })
  simulation.pass(3_600_000)
  rotate('third')
  await simulation.round()
  t.strictSame(simulation.values('synced'), { now: 'third', before: 'second' })
  const entry = 'team-a:db-password@[0-9a-f]{32}'
  t.match(simulation.apiServer.secrets.get('team-a/synced'), {
    metadata: { annotations: { 'akv-injector.io/synced': new RegExp(`^${entry}, ${entry}$`) } },
  })
  simulation.restart()
  await simulation.round()
  t.strictSame(simulation.values('synced'), { now: 'third', before: 'second' })
})

t.test('the Secret of a class is deleted with its entry at once', async (t) => {
  const simulation = await start(t)
  const both = [
    secretObject('one', { a: 'db-password' }),
    secretObject('two', { a: 'db-password' }),
  ]
  classes(simulation).put('team-a', 'kv', classSpec(both))
  await simulation.round()
  classes(simulation).put('team-a', 'kv', classSpec(both.slice(0, 1)))
  await simulation.round()
  t.strictSame(simulation.values('one'), { a: 'correct horse' })
  t.equal(simulation.values('two'), undefined)
  classes(simulation).put('team-a', 'kv', classSpec([]))
  await simulation.round()
  t.equal(simulation.values('one'), undefined)
  t.equal(simulation.values(record), undefined)
})

t.test(
  'the Secret of a deleted class is deleted after a minute, also across restarts',
  async (t) => {
    for (const restart of [false, true]) {
      const simulation = await start(t)
      classes(simulation).put('team-a', 'kv', oneSecret('synced'))
      await simulation.round()
      classes(simulation).delete('team-a', 'kv')
      if (restart) simulation.restart()
      const nextMs = await simulation.round()
      t.strictSame(simulation.values('synced'), good)
      t.ok(nextMs !== undefined && nextMs > 55_000 && nextMs <= minuteMs, `next round: ${nextMs}`)
      simulation.pass(minuteMs)
      await simulation.round()
      t.equal(simulation.values('synced'), undefined)
      t.equal(simulation.values(record), undefined)
      t.equal(status(simulation), undefined)
    }
  },
)

t.test('a class that returns within the minute keeps its Secret', async (t) => {
  const simulation = await start(t)
  classes(simulation).put('team-a', 'kv', oneSecret('synced'))
  await simulation.round()
  const uid = simulation.apiServer.secrets.get('team-a/synced')?.metadata.uid
  classes(simulation).delete('team-a', 'kv')
  await simulation.round()
  simulation.pass(minuteMs / 2)
  classes(simulation).put('team-a', 'kv', oneSecret('synced'))
  await simulation.round()
  simulation.pass(minuteMs)
  await simulation.round()
  t.equal(simulation.apiServer.secrets.get('team-a/synced')?.metadata.uid, uid)
})

t.test('a deleted CRD deletes no Secret, also if it is installed again', async (t) => {
  const simulation = await start(t)
  classes(simulation).put('team-a', 'kv', oneSecret('synced'))
  await simulation.round()
  simulation.events()
  classes(simulation).setKind('deleted')
  for (const restart of [false, true, false]) {
    simulation.pass(2 * minuteMs)
    if (restart) simulation.restart()
    await simulation.round()
    t.strictSame(simulation.values('synced'), good)
    t.match(status(simulation), /^synced: AKV_SYNC_ORPHANED since /)
  }
  const [event, ...repeated] = simulation.events()
  t.match(
    event,
    /^team-a\/web SyncFailed: AKV_SYNC_ORPHANED: Secret synced came from SecretProviderClass kv and stays as it is: this cluster no longer has this kind; apply the source again, or delete the Secret\./,
  )
  t.equal(repeated.length, 1, 'once more after the restart')

  classes(simulation).setKind('served')
  simulation.pass(2 * minuteMs)
  await simulation.round()
  simulation.pass(2 * minuteMs)
  await simulation.round()
  t.strictSame(simulation.values('synced'), good, 'nobody has applied the classes yet')
  classes(simulation).put('team-a', 'kv', oneSecret('synced'))
  await simulation.round()
  t.equal(status(simulation), 'synced: ready')
  t.strictSame(simulation.values(record), { secrets: 'synced SecretProviderClass/kv' })
})

t.test('a held Secret that somebody deletes is forgotten', async (t) => {
  const simulation = await start(t)
  classes(simulation).put('team-a', 'kv', oneSecret('synced'))
  await simulation.round()
  classes(simulation).setKind('deleted')
  await simulation.round()
  simulation.apiServer.objects.delete('/api/v1/namespaces/team-a/secrets/synced')
  await simulation.round()
  t.equal(simulation.values(record), undefined)
  t.equal(status(simulation), undefined)
})

t.test('a controller that may not list the classes keeps their Secrets', async (t) => {
  const simulation = await start(t)
  classes(simulation).put('team-a', 'kv', oneSecret('synced'))
  await simulation.round()
  simulation.apiServer.before = ({ path }) =>
    path.endsWith('/secretproviderclasses') ? [403, { message: 'no' }] : undefined
  simulation.restart()
  simulation.pass(2 * minuteMs)
  await simulation.round()
  t.strictSame(simulation.values('synced'), good)
})

t.test('a class with a mistake changes nothing, and others go on', async (t) => {
  const simulation = await start(t)
  classes(simulation).put('team-a', 'bad', oneSecret('of-bad'))
  classes(simulation).put('team-a', 'good', oneSecret('of-good'))
  await simulation.round()
  simulation.events()
  const wrong = classSpec([secretObject('of-bad', { password: 'no-such-file' })])
  classes(simulation).put('team-a', 'bad', wrong)
  simulation.azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new' })
  await simulation.round()
  t.strictSame(simulation.values('of-bad'), good)
  t.strictSame(simulation.values('of-good'), { password: 'new' })
  t.match(
    status(simulation),
    /^SecretProviderClass\/bad: AKV_SYNC_SOURCE since .*Z\nof-bad: kept\nof-good: ready$/,
  )
  const sentence =
    'SyncFailed: AKV_SYNC_SOURCE: SecretProviderClass bad: secretObjects, item 1, Secret of-bad: data, item 1, objectName "no-such-file": the class has no such file'
  const events = simulation.events()
  for (const about of ['team-a/web', 'SecretProviderClass team-a/bad'])
    t.ok(
      events.some((event) => event.startsWith(`${about} ${sentence}`)),
      about,
    )
  t.match(
    await simulation.options.metrics.text(),
    /failures_total\{namespace="team-a",account="web",code="AKV_SYNC_SOURCE"\} 1/,
  )
  simulation.restart()
  simulation.pass(2 * minuteMs)
  const before = status(simulation)
  await simulation.round()
  t.equal(status(simulation), before, 'its time outlasts a restart')
  classes(simulation).delete('team-a', 'bad')
  simulation.pass(2 * minuteMs)
  await simulation.round()
  simulation.pass(2 * minuteMs)
  await simulation.round()
  t.equal(simulation.values('of-bad'), undefined)
  t.equal(status(simulation), 'of-good: ready')
})

t.test('the older of two classes for a Secret keeps it, even with a mistake', async (t) => {
  const simulation = await start(t)
  const created = (day: number) => ({ creationTimestamp: `2026-02-0${day}T00:00:00Z` })
  classes(simulation).put(
    'team-a',
    'a',
    classSpec([secretObject('synced', { a: 'db-password' })]),
    created(2),
  )
  classes(simulation).put('team-a', 'b', oneSecret('synced'), created(1))
  await simulation.round()
  t.strictSame(simulation.values('synced'), good)
  t.match(
    simulation.events().join('\n'),
    /SecretProviderClass team-a\/a SyncFailed: AKV_SYNC_SOURCE: SecretProviderClass a: Secret synced: SecretProviderClass b, which is older or first by name, requests it too; rename one/,
  )
  classes(simulation).put(
    'team-a',
    'b',
    classSpec([secretObject('synced', { x: 'none' })]),
    created(1),
  )
  await simulation.round()
  t.strictSame(simulation.values('synced'), good)
})

t.test('the annotation of the account comes before all classes', async (t) => {
  const simulation = await start(t)
  classes(simulation).put('team-a', 'kv', oneSecret('synced'))
  await simulation.round()
  const uid = simulation.apiServer.secrets.get('team-a/synced')?.metadata.uid
  const sync = annotations('[{ secret: synced, data: "own=extra" }]')
  simulation.apiServer.accounts.put('team-a', 'web', sync)
  await simulation.round()
  t.strictSame(simulation.values('synced'), { own: 'more' })
  t.equal(simulation.apiServer.secrets.get('team-a/synced')?.metadata.uid, uid, 'it moves')
  t.strictSame(simulation.values(record), { secrets: 'synced' })
  classes(simulation).delete('team-a', 'kv')
  simulation.pass(2 * minuteMs)
  await simulation.round()
  t.strictSame(simulation.values('synced'), { own: 'more' })
})

t.test('a mistake in the annotation doesn’t stop the classes, nor delete a Secret', async (t) => {
  const simulation = await start(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations('[{ secret: own, data: extra }]'))
  classes(simulation).put('team-a', 'kv', oneSecret('synced'))
  await simulation.round()
  t.strictSame(simulation.values('own'), { extra: 'more' })
  simulation.apiServer.accounts.put('team-a', 'web', annotations('[{ secret: other, dat: extra }]'))
  simulation.azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new' })
  await simulation.round()
  t.strictSame(simulation.values('own'), { extra: 'more' })
  t.strictSame(simulation.values('synced'), { password: 'new' })
  t.match(
    status(simulation),
    /^\(account\): AKV_SYNC_ANNOTATION since .*Z\nown: kept\nsynced: ready$/,
  )
})

t.test('a foreign Secret is not touched, and one that is handed over is taken', async (t) => {
  const simulation = await start(t)
  const foreign = { metadata: { name: 'synced', namespace: 'team-a' }, type: 'Opaque', data: {} }
  const path = '/api/v1/namespaces/team-a/secrets/synced'
  simulation.apiServer.objects.put(path, { apiVersion: 'v1', kind: 'Secret', ...foreign })
  classes(simulation).put('team-a', 'kv', oneSecret('synced'))
  await simulation.round()
  t.strictSame(simulation.values('synced'), {})
  t.match(
    simulation.events().join('\n'),
    /SecretProviderClass team-a\/kv SyncFailed: AKV_SECRET_FOREIGN/,
  )
  const offered = { ...foreign.metadata, annotations: { 'akv-injector.io/adopt': 'true' } }
  simulation.apiServer.objects.put(path, {
    apiVersion: 'v1',
    kind: 'Secret',
    ...foreign,
    metadata: offered,
  })
  await simulation.round()
  t.strictSame(simulation.values('synced'), good)
})

t.test('a class is read as the account that it or its client names', async (t) => {
  const simulation = await start(t, ['web', 'api'])
  const shared = classSpec([secretObject('synced', { token: 'shared' })], {
    keyvaultName: 'team-b',
    clientID: apiId,
    objects: objectList(secret('shared')),
  })
  const name = { 'akv-injector.io/service-account': 'api' }
  classes(simulation).put('team-a', 'kv', shared)
  await simulation.round('api')
  t.equal(simulation.values('synced'), undefined)
  const sentence =
    'Secret sync is enabled for web, api in namespace team-a; annotate the class with akv-injector.io/service-account'
  t.match(simulation.events(), [
    `SecretProviderClass team-a/kv SyncFailed: AKV_SYNC_ACCOUNT: SecretProviderClass kv: ${sentence}.`,
  ])
  t.match(
    await simulation.options.metrics.text(),
    /failures_total\{namespace="team-a",account="",code="AKV_SYNC_ACCOUNT"\} 1/,
  )
  classes(simulation).put('team-a', 'kv', shared, { annotations: name })
  await simulation.round('api')
  t.strictSame(simulation.values('synced'), { token: 'token' })
  await simulation.round('web')
  t.strictSame(simulation.values('synced'), { token: 'token' })

  // Without a word on the class, the client of the account decides.
  simulation.apiServer.accounts.put('team-a', 'api', {
    'azure.workload.identity/client-id': apiId,
  })
  classes(simulation).put('team-a', 'kv', shared, { annotations: {} })
  await simulation.round('api')
  t.strictSame(simulation.values('synced'), { token: 'token' })
})

t.test('a class that names another client than its account is a mistake', async (t) => {
  const simulation = await start(t)
  simulation.apiServer.accounts.put('team-a', 'web', {
    'azure.workload.identity/client-id': apiId,
  })
  classes(simulation).put('team-a', 'kv', oneSecret('synced'), {
    annotations: { 'akv-injector.io/service-account': 'web' },
  })
  await simulation.round()
  t.equal(simulation.values('synced'), undefined)
  t.match(
    simulation.events().join('\n'),
    `SecretProviderClass kv: names the client ${webId}, but ServiceAccount web signs in as ${apiId}`,
  )
})

t.test(
  'a class whose account doesn’t exist, or that names one that isn’t listed, waits',
  async (t) => {
    const simulation = await start(t, ['api'], ['web', 'api'])
    for (const [name, sentence] of [
      ['web', 'it is read as ServiceAccount web, which namespace team-a does not have'],
      [
        'unlisted',
        'akv-injector.io/service-account names "unlisted", but Secret sync is enabled for',
      ],
    ] as const) {
      classes(simulation).put('team-a', 'kv', oneSecret('synced'), {
        annotations: { 'akv-injector.io/service-account': name },
      })
      await simulation.round('api')
      t.match(simulation.events().join('\n'), sentence)
    }
    t.equal(simulation.values('synced'), undefined)
  },
)

t.test('an account that is turned off syncs no class either', async (t) => {
  const simulation = await start(t)
  simulation.apiServer.accounts.put('team-a', 'web', { 'akv-injector.io/inject': 'false' })
  classes(simulation).put('team-a', 'kv', oneSecret('synced'))
  await simulation.round()
  t.equal(simulation.values('synced'), undefined)
})

t.test('hundreds of failing classes cost an account its Events and nobody else', async (t) => {
  const simulation = await start(t)
  for (let i = 0; i < 100; i++)
    classes(simulation).put('team-a', `kv-${i}`, classSpec([secretObject(`s-${i}`, { a: 'none' })]))
  await simulation.round()
  t.equal(simulation.events().length, 25)
  t.match(status(simulation), /\(others\): 0 ready, \d+ failing$/)
  await simulation.round()
  t.equal(simulation.events().length, 0)
})

t.test('a class that can’t be fetched doesn’t keep the Secrets of deleted classes', async (t) => {
  const simulation = await start(t)
  classes(simulation).put('team-a', 'gone', oneSecret('of-gone'))
  classes(simulation).put(
    'team-a',
    'failing',
    classSpec([secretObject('of-failing', { a: 'absent' })], {
      objects: objectList(secret('absent')),
    }),
  )
  await simulation.round()
  classes(simulation).delete('team-a', 'gone')
  await simulation.round()
  simulation.pass(minuteMs)
  await simulation.round()
  t.equal(simulation.values('of-gone'), undefined)
})
