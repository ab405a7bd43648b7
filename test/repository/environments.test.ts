// Nearly every team has dev/ and prod/ with objects of the same names. Nothing of one environment may reach the other.

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { parseAllDocuments, stringify } from 'yaml'
import { runInProcess } from '../support/run-in-process.ts'

const clientID = '22222222-2222-2222-2222-222222222222'
const metadata = (name: string) => ({ name, namespace: 'shop' })
const classOf = (vault: string, more: object = {}) => ({
  apiVersion: 'secrets-store.csi.x-k8s.io/v1',
  kind: 'SecretProviderClass',
  metadata: metadata('kv'),
  spec: {
    provider: 'azure',
    parameters: {
      clientID,
      keyvaultName: vault,
      objects: 'array:\n  - |\n    objectName: db\n    objectType: secret\n',
    },
    ...more,
  },
})
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: metadata('web'),
  spec: {
    serviceAccountName: 'web',
    containers: [{ name: 'app', volumeMounts: [{ name: 'kv', mountPath: '/kv' }] }],
    volumes: [
      {
        name: 'kv',
        csi: {
          driver: 'secrets-store.csi.k8s.io',
          volumeAttributes: { secretProviderClass: 'kv' },
        },
      },
    ],
  },
}
const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata('web') }
const store = (vault: string) => ({
  apiVersion: 'external-secrets.io/v1',
  kind: 'SecretStore',
  metadata: metadata('kv'),
  spec: {
    provider: {
      azurekv: { vaultUrl: `https://${vault}.vault.azure.net`, authType: 'WorkloadIdentity' },
    },
  },
})
const externalSecret = {
  apiVersion: 'external-secrets.io/v1',
  kind: 'ExternalSecret',
  metadata: metadata('db'),
  spec: {
    secretStoreRef: { name: 'kv' },
    data: [{ secretKey: 'password', remoteRef: { key: 'db' } }],
  },
}

type Files = Readonly<Record<string, readonly object[]>>

/** Writes the files to a folder, and runs a command with their paths. */
function repository(t: Test, files: Files) {
  const folder = t.testdir()
  const paths = Object.entries(files).map(([path, objects]) => {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, objects.map((object) => stringify(object)).join('---\n'))
    return file
  })
  return async (...command: readonly string[]) => {
    const { code, stdout, stderr } = await runInProcess([...command, ...paths], {
      env: { AKV_INJECTOR_CSI: 'all' },
    })
    const shown = (text: string) => text.replaceAll(`${folder}/`, '')
    return { code, stdout: shown(stdout), stderr: shown(stderr) }
  }
}

const objectsIn = (text: string) => parseAllDocuments(text).map((document) => document.toJS())

t.test('each environment keeps its own vault in every command', async (t) => {
  const run = repository(t, {
    'dev/kv.yaml': [classOf('dev-vault')],
    'dev/web.yaml': [pod],
    'prod/kv.yaml': [classOf('prod-vault')],
    'prod/web.yaml': [pod],
  })
  const checked = await run('check')
  t.equal(checked.code, 0)
  for (const name of ['dev', 'prod'])
    t.match(
      checked.stdout,
      new RegExp(
        `Pod/web \\(${name}/web.yaml\\): would be served[^(]*from ${name}-vault:db`.replace(
          '[^(]*',
          '[\\s\\S]*?',
        ),
      ),
    )
  const migrated = await run('migrate')
  t.equal(migrated.code, 0)
  t.strictSame(
    objectsIn(migrated.stdout).map(
      ({ metadata: { annotations } }) => annotations['akv-injector.io/vault'],
    ),
    ['dev-vault', 'prod-vault'],
  )
  const injected = await run('inject')
  const configs = [...injected.stdout.matchAll(/"vault":"([a-z-]+)"/g)].map(([, vault]) => vault)
  t.strictSame(configs, ['dev-vault', 'prod-vault'])
  const identity = await run('identity')
  t.match(identity.stdout, /--name dev-vault /)
  t.match(identity.stdout, /--name prod-vault /)
})

t.test('a pod that could mean two environments is a problem that names their files', async (t) => {
  const run = repository(t, {
    'workloads/web.yaml': [pod],
    'classes/dev/kv.yaml': [classOf('dev-vault')],
    'classes/prod/kv.yaml': [classOf('prod-vault')],
  })
  const places = 'is defined differently in classes/dev/kv.yaml:1, classes/prod/kv.yaml:1, and none'
  const checked = await run('check')
  t.equal(checked.code, 1)
  t.ok(checked.stdout.includes(`volume kv, SecretProviderClass kv: ${places}`))
  const migrated = await run('migrate')
  t.ok(migrated.stderr.includes(`Pod/web (workloads/web.yaml): stays as it is: volume kv`))
  t.ok(migrated.stderr.includes(places))
  t.equal(objectsIn(migrated.stdout).length, 3, 'nothing is changed or removed')
  t.notMatch(migrated.stdout, 'akv-injector.io/')
  const identity = await run('identity')
  t.equal(identity.code, 1)
  t.ok(identity.stderr.includes(places))
})

t.test('two definitions of a class in one folder are a problem of both', async (t) => {
  const run = repository(t, {
    'a.yaml': [classOf('one-vault')],
    'b.yaml': [classOf('other-vault')],
    'other/web.yaml': [account],
  })
  const { code, stdout } = await run('check', '--output', 'json')
  t.equal(code, 1)
  const { findings } = JSON.parse(stdout)
  t.match(
    findings.filter(({ code }: { code: string }) => code === 'AKV_CHECK_AMBIGUOUS'),
    [
      { object: 'SecretProviderClass/kv', file: /a\.yaml$/, line: 1 },
      { object: 'SecretProviderClass/kv', file: /b\.yaml$/, line: 1 },
    ],
  )
})

t.test('an ExternalSecret of another provider doesn’t hide one of ours', async (t) => {
  const other = { ...store('x'), spec: { provider: { aws: { service: 'SecretsManager' } } } }
  const run = repository(t, {
    'azure/db.yaml': [externalSecret, store('dev-vault'), account],
    'aws/db.yaml': [
      { ...externalSecret, spec: { ...externalSecret.spec, refreshInterval: '1h' } },
      other,
    ],
  })
  const { stdout } = await run('check')
  t.match(stdout, /ExternalSecret\/db \(azure\/db\.yaml\): would be synced as ServiceAccount web/)
  t.match(stdout, /ExternalSecret\/db \(aws\/db\.yaml\): not synced: SecretStore /)
})

t.test('an account of several environments doesn’t get the Secrets of one', async (t) => {
  const run = repository(t, {
    'account.yaml': [account],
    'dev/db.yaml': [externalSecret, store('dev-vault')],
    'prod/db.yaml': [externalSecret, store('prod-vault')],
  })
  const { stdout, stderr, code } = await run('migrate')
  t.equal(code, 0)
  t.notMatch(stdout, 'akv-injector.io/sync')
  for (const name of ['dev', 'prod'])
    t.ok(
      stderr.includes(
        `ExternalSecret/db (${name}/db.yaml): stays as it is: ServiceAccount web (account.yaml) belongs to other environments, too`,
      ),
    )
})

t.test('a Secret that accounts of two environments request is no conflict', async (t) => {
  const asking = (name: string, vault: string) => ({
    ...account,
    metadata: {
      ...metadata(name),
      annotations: {
        'azure.workload.identity/client-id': clientID,
        'akv-injector.io/sync': `- {secret: app, data: 'password=${vault}:db'}`,
      },
    },
  })
  const both = (name: string) => [
    asking(`${name}-reader`, `${name}-vault`),
    classOf(`${name}-vault`),
  ]
  const apart = repository(t, { 'dev/all.yaml': both('dev'), 'prod/all.yaml': both('prod') })
  t.notMatch((await apart('check')).stdout, 'requests it too')
  const together = repository(t, {
    'dev.yaml': [asking('dev-reader', 'dev-vault')],
    'prod.yaml': [asking('prod-reader', 'prod-vault')],
  })
  t.match((await together('check')).stdout, 'requests it too')
})

t.test('an unrelated file changes no finding of another', async (t) => {
  const files: Files = {
    'dev/kv.yaml': [classOf('dev-vault')],
    'dev/web.yaml': [pod],
    'prod/kv.yaml': [classOf('not_a_vault')],
    'prod/web.yaml': [pod],
  }
  const unrelated = { ...account, metadata: { name: 'other', namespace: 'other' } }
  const findingsOf = async (files: Files) =>
    JSON.parse((await repository(t, files)('check', '--output', 'json')).stdout).findings
  const before = await findingsOf(files)
  t.ok(before.length > 1, `${before.length} findings`)
  for (const path of ['x.yaml', 'dev/x.yaml', 'test/x.yaml'])
    t.strictSame(await findingsOf({ ...files, [path]: [unrelated] }), before, path)
})

t.test('a client isn’t taken from an account that could mean two environments', async (t) => {
  const named = (client: string) => ({
    ...account,
    metadata: { ...metadata('web'), annotations: { 'azure.workload.identity/client-id': client } },
  })
  const annotated = {
    ...pod,
    metadata: { ...metadata('web'), annotations: { 'akv-injector.io/secrets': 'team-a:db' } },
    spec: { serviceAccountName: 'web', containers: [{ name: 'app' }] },
  }
  const other = clientID.replaceAll('2', '4')
  const run = repository(t, {
    'workloads/web.yaml': [annotated],
    'dev/account.yaml': [named(clientID)],
    'prod/account.yaml': [named(other)],
  })
  const unclear =
    'ServiceAccount web is defined differently in dev/account.yaml:1, prod/account.yaml:1'
  const identity = await run('identity')
  t.equal(identity.code, 1)
  t.ok(identity.stderr.includes(`Pod/web (workloads/web.yaml): ${unclear}`))
  const fetched = await run('fetch', '--output', join(t.testdirName, 'out'))
  t.equal(fetched.code, 2)
  t.ok(fetched.stderr.includes(`Pod/web: ${unclear}`))
})

t.test('common definitions don’t make folders different environments', async (t) => {
  const common = { ...account, metadata: { name: 'common', namespace: 'other' } }
  const run = repository(t, {
    'account.yaml': [account],
    'first/common.yaml': [common],
    'second/common.yaml': [common],
    'first/db.yaml': [externalSecret, store('team-vault')],
  })
  const { code, stdout, stderr } = await run('migrate')
  t.equal(code, 0)
  t.notMatch(stderr, 'belongs to other environments')
  t.match(stdout, 'akv-injector.io/sync')
})

t.test('an account that no file has is added once for each environment', async (t) => {
  const named = (name: string, vault: string) => {
    const { spec, ...rest } = store(vault)
    const { azurekv } = spec.provider
    const provider = { azurekv: { ...azurekv, serviceAccountRef: { name } } }
    return { ...rest, spec: { provider } }
  }
  const secretNamed = (name: string) => ({ ...externalSecret, metadata: metadata(name) })
  const run = repository(t, {
    'dev/kv.yaml': [named('reader', 'dev-vault')],
    'dev/a/db.yaml': [secretNamed('one')],
    'dev/b/db.yaml': [secretNamed('two')],
    'prod/kv.yaml': [named('reader', 'prod-vault')],
    'prod/db.yaml': [secretNamed('three')],
  })
  const { code, stdout } = await run('migrate')
  t.equal(code, 0)
  const added = objectsIn(stdout).filter((object) => object?.kind === 'ServiceAccount')
  t.strictSame(
    added.map(({ metadata: { annotations } }) =>
      [...annotations['akv-injector.io/sync'].matchAll(/secret: (\w+)/g)].map(([, name]) => name),
    ),
    [['one', 'two'], ['three']],
  )
})

t.test('one of several equal accounts doesn’t get Secrets that the others lack', async (t) => {
  const run = repository(t, {
    'shared/db.yaml': [externalSecret, store('team-vault')],
    'dev/account.yaml': [account],
    'staging/account.yaml': [account],
  })
  const { code, stdout, stderr } = await run('migrate')
  t.equal(code, 0)
  t.notMatch(stdout, 'akv-injector.io/sync')
  t.match(
    stderr,
    'ServiceAccount web is in several files (dev/account.yaml, staging/account.yaml), and none of them is in or above the folder of this file; keep one of them',
  )
})

const named = <T extends object>(name: string, object: T) => ({
  ...object,
  metadata: metadata(name),
})

/** A folder for each app in each environment: in dev and prod, `a` and `b` are defined differently. */
const appFolders = (make: (app: string, environment: string) => readonly object[]): Files =>
  Object.fromEntries(
    ['dev', 'prod'].flatMap((environment) =>
      ['a', 'b'].map((app) => [`${environment}/${app}/all.yaml`, make(app, environment)]),
    ),
  )

t.test('a Secret that two apps of an environment request is found', async (t) => {
  const secretObjects = [
    { secretName: 'same', type: 'Opaque', data: [{ objectName: 'db', key: 'k' }] },
  ]
  const run = repository(
    t,
    appFolders((app, environment) => [
      named(app, classOf(`${environment}-vault`, { secretObjects })),
    ]),
  )
  const { code, stdout } = await run('check')
  t.equal(code, 1)
  const found = stdout.match(/Secret same: .* requests it too/g) ?? []
  t.equal(found.length, 2, 'in dev and in prod')
})

t.test('an account is chosen among all of an environment', async (t) => {
  const run = repository(
    t,
    appFolders((app, environment) => [
      named(app, account),
      named(app, store(`${environment}-vault`)),
      named(app, {
        ...externalSecret,
        spec: { ...externalSecret.spec, secretStoreRef: { name: app } },
      }),
    ]),
  )
  const { code, stdout } = await run('check')
  t.equal(code, 1)
  t.equal(stdout.match(/would not be synced/g)?.length, 4)
  t.equal(stdout.match(/these files name a, b in namespace shop/g)?.length, 4)
})

t.test('apps of different environments don’t share an added account', async (t) => {
  const run = repository(
    t,
    appFolders((app, environment) => {
      const { spec, ...rest } = store(`${environment}-vault`)
      const provider = { azurekv: { ...spec.provider.azurekv, serviceAccountRef: { name: 'web' } } }
      const secret = {
        ...externalSecret,
        spec: { ...externalSecret.spec, secretStoreRef: { name: app } },
      }
      return [named(app, { ...rest, spec: { provider } }), named(`${app}-${environment}`, secret)]
    }),
  )
  const { code, stdout } = await run('migrate')
  t.equal(code, 0)
  const added = objectsIn(stdout).filter((object) => object?.kind === 'ServiceAccount')
  t.strictSame(
    added.map(({ metadata: { annotations } }) =>
      [...annotations['akv-injector.io/sync'].matchAll(/secret: ([\w-]+)/g)].map(
        ([, name]) => name,
      ),
    ),
    [
      ['a-dev', 'b-dev'],
      ['a-prod', 'b-prod'],
    ],
  )
})
