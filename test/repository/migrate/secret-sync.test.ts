import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { runInProcess } from '../../support/run-in-process.ts'

const client = '22222222-2222-2222-2222-222222222222'
const account = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'web', annotations: { 'azure.workload.identity/client-id': client } },
}
const itsClass = {
  apiVersion: 'secrets-store.csi.x-k8s.io/v1',
  kind: 'SecretProviderClass',
  metadata: { name: 'kv' },
  spec: {
    provider: 'azure',
    parameters: {
      keyvaultName: 'team-a',
      clientID: client,
      tenantId: '33333333-3333-3333-3333-333333333333',
      objects:
        'array:\n  - |\n    objectName: db-password\n    objectType: secret\n    objectAlias: password\n  - |\n    objectName: site\n    objectType: cert\n',
    },
  },
}
const data = [
  { sourcePath: 'password', targetKey: 'db-password' },
  { sourcePath: 'site', targetKey: 'site.crt' },
]
const secretSync = (spec: object = {}, secretObject: object = {}, name = 'db') => ({
  apiVersion: 'secret-sync.x-k8s.io/v1alpha1',
  kind: 'SecretSync',
  metadata: { name },
  spec: {
    secretProviderClassName: 'kv',
    serviceAccountName: 'web',
    secretObject: { data, ...secretObject },
    ...spec,
  },
})
const textOf = (...objects: readonly object[]) =>
  objects.map((object) => JSON.stringify(object, undefined, 2)).join('\n---\n')
const migrate = (...objects: readonly object[]) =>
  runInProcess(['migrate', '-'], { input: textOf(...objects) })
const objectsIn = (text: string) => parseAllDocuments(text).map((document) => document.toJS())

t.test('each field of a SecretSync becomes a part of its account’s annotations', async (t) => {
  const everything = secretSync(
    { secretSyncControllerName: 'sync', forceSynchronization: 'a1' },
    {
      type: 'kubernetes.io/basic-auth',
      labels: { app: 'web' },
      annotations: { note: 'text' },
      data: [{ sourcePath: 'password', targetKey: 'password' }, data[1]],
    },
  )
  const { code, stdout } = await migrate(account, itsClass, everything, secretSync({}, {}, 'more'))
  t.equal(code, 0)
  const [migrated, ...others] = objectsIn(stdout)
  t.strictSame(
    others.map(({ kind }) => kind),
    ['SecretProviderClass'],
  )
  const { 'akv-injector.io/sync': sync, ...annotations } = migrated.metadata.annotations
  t.strictSame(annotations, {
    'azure.workload.identity/client-id': client,
    'akv-injector.io/vault': 'team-a',
    'akv-injector.io/tenant-id': '33333333-3333-3333-3333-333333333333',
  })
  const [site] = [{ objectName: 'site', objectType: 'cert', objectAlias: 'site.crt' }]
  const password = { objectName: 'db-password', objectType: 'secret' }
  t.strictSame(objectsIn(sync)[0], [
    {
      secret: 'db',
      type: 'kubernetes.io/basic-auth',
      labels: { app: 'web' },
      annotations: { note: 'text' },
      objects: [{ ...password, objectAlias: 'password' }, site],
    },
    { secret: 'more', objects: [password, site] },
  ])
})

t.test('a SecretSync that can’t be an annotation stays, with a reason', async (t) => {
  const reasons: readonly (readonly [objects: readonly object[], reason: RegExp])[] = [
    [[secretSync()], /SecretProviderClass kv is in none of these files$/m],
    [[itsClass, secretSync({ secretObject: undefined })], /spec\.secretObject is missing$/m],
    [[itsClass, secretSync({ serviceAccountName: 'A' })], /spec\.serviceAccountName "A": expected/],
    [
      [itsClass, secretSync({}, { data: [{ targetKey: 'a' }] })],
      /data\[0\]\.sourcePath is missing/,
    ],
    [[itsClass, secretSync({}, { data: [{ sourcePath: 'x', targetKey: 'a' }] })], /"x"/],
    [
      [itsClass, secretSync({}, { type: 'kubernetes.io/tls' })],
      /a Secret of type kubernetes\.io\/tls has the keys/,
    ],
    [[itsClass, secretSync({}, { labels: { 'a/b/c': 'd' } })], /label a\/b\/c/],
    [[itsClass, secretSync({ secretObjects: [] })], /spec\.secretObjects is not supported/],
  ]
  for (const [objects, reason] of reasons) {
    const { code, stdout, stderr } = await migrate(account, ...objects)
    t.equal(code, 0)
    t.equal(stdout, textOf(account, ...objects), String(reason))
    t.match(stderr, /SecretSync\/db \(standard input\): stays as it is: /)
    t.match(stderr, reason)
  }
})

t.test('files are written, and a class that a SecretSync names isn’t removed', async (t) => {
  const folder = t.testdir({ 'shop.yaml': textOf(account, itsClass, secretSync()) })
  const args = ['migrate', '--write', '--force', folder]
  const { code, stderr } = await runInProcess(args)
  t.equal(code, 0, stderr)
  t.match(stderr, /SecretProviderClass\/kv .*: stays as it is: SecretSync\/db .* names it/)
  const written = readFileSync(join(folder, 'shop.yaml'), 'utf8')
  t.strictSame(
    objectsIn(written).map(({ kind }) => kind),
    ['ServiceAccount', 'SecretProviderClass'],
  )
})

t.test('an AzureAppConfigurationProvider stays', async (t) => {
  const provider = {
    apiVersion: 'azconfig.io/v1',
    kind: 'AzureAppConfigurationProvider',
    metadata: { name: 'app' },
    spec: { endpoint: 'https://x.azconfig.io', target: { configMapName: 'app' } },
  }
  const { stdout, stderr } = await migrate(provider)
  t.equal(stdout, textOf(provider))
  t.match(stderr, /stays as it is: App Configuration, which names .*docs\/from-csi\.md#azure-app/)
})
