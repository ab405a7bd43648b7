import t from 'tap'
import { stringify } from 'yaml'
import { createPlaceholders } from '../../../repository/input/placeholders/placeholders.ts'
import { contentOf as migratedContentOf } from '../../../repository/migrate/content/content.ts'
import { readFile } from '../../../repository/migrate/content/read-input.ts'
import { findBuilds } from '../../../repository/migrate/kustomize/builds.ts'
import { planMigration } from '../../../repository/migrate/plan/plan-migration.ts'
import { findDifferences } from '../../../repository/migrate/verify/find-differences.ts'
import { policy } from '../../webhook/core/policy.ts'

function contentOf(...objects: readonly object[]) {
  const text = objects.map((object) => stringify(object)).join('---\n')
  const placeholders = createPlaceholders({ unfilled: 'kept' })
  const file = readFile('test', text, { namespace: 'default', placeholders })
  const otherFiles = { builds: findBuilds([], () => true), unread: [] }
  return migratedContentOf([file], { policy, otherFiles, placeholders })
}

const clientID = '22222222-2222-2222-2222-222222222222'
const secretProviderClass = {
  kind: 'SecretProviderClass',
  metadata: { name: 'kv' },
  spec: {
    provider: 'azure',
    parameters: {
      clientID,
      keyvaultName: 'team-a',
      objects: '- { objectName: db, objectType: secret }',
    },
    secretObjects: [{ secretName: 'app', data: [{ objectName: 'db', key: 'password' }] }],
  },
}
const container = { name: 'app', volumeMounts: [{ name: 'kv', mountPath: '/kv' }] }
const csi = {
  driver: 'secrets-store.csi.k8s.io',
  volumeAttributes: { secretProviderClass: 'kv' },
}
const pod = {
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: { containers: [container], volumes: [{ name: 'kv', csi }] },
}
const config = { kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: '1' } }

const annotations = {
  'akv-injector.io/vault': 'team-a',
  'akv-injector.io/objects': '- { objectName: db, objectType: secret }',
  'akv-injector.io/client-id': clientID,
  'akv-injector.io/mount-path': '/kv',
}
const newPod = (changes: object) => ({
  kind: 'Pod',
  metadata: { name: 'web', annotations: { ...annotations, ...changes } },
  spec: { containers: [{ name: 'app' }] },
})
const newAccount = (key = 'password') => ({
  kind: 'ServiceAccount',
  metadata: {
    name: 'default',
    annotations: {
      'akv-injector.io/vault': 'team-a',
      'akv-injector.io/client-id': clientID,
      'akv-injector.io/sync': `- { secret: app, objects: [{ objectName: db, objectType: secret, objectAlias: ${key} }] }`,
    },
  },
})

const old = contentOf(secretProviderClass, pod, config)
const migration = planMigration(old)
const differences = (...objects: readonly object[]) =>
  findDifferences(old, contentOf(...objects), migration).map(({ title }) => title)

t.test('the planned result has no differences', async (t) => {
  t.strictSame(differences(newPod({}), config, newAccount()), [])
})

t.test('any other result is told, by the object that differs', async (t) => {
  const [account] = [newAccount()]
  for (const [changes, title] of [
    [{ 'akv-injector.io/mount-path': '/elsewhere' }, 'another path'],
    [{ 'akv-injector.io/vault': 'team-b' }, 'another vault'],
    [{ 'akv-injector.io/client-id': clientID.replace('2', '3') }, 'another client'],
    [{ 'akv-injector.io/refresh': '1m' }, 'another refresh'],
    [
      {
        'akv-injector.io/objects':
          '- { objectName: db, objectType: secret, filePermission: "0400" }',
      },
      'another mode',
    ],
    [{ 'akv-injector.io/objects': '[]' }, 'a pod that would be denied'],
  ] as const)
    t.strictSame(differences(newPod(changes), config, account), ['Pod/web'], title)
  t.match(differences(config, account), ['Pod/web'])
  t.match(differences(newPod({}), newPod({}), config, account), ['Pod/web'])
  t.match(differences(newPod({}), account), ['ConfigMap/c'])
  t.match(differences(newPod({}), { ...config, data: {} }, account), ['ConfigMap/c'])
  t.match(differences(newPod({}), config, account, secretProviderClass), ['SecretProviderClass/kv'])
  t.match(differences(newPod({}), config), ['ServiceAccount/default'])
  t.match(differences(newPod({}), config, newAccount('other')), ['ServiceAccount/default'])
})
