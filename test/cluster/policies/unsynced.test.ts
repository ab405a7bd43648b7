import t from 'tap'
import { readRendering } from '../../manifests/security/renderings.ts'
import { connect, type KubeObject } from '../client/api.ts'
import { openCluster, testNamespace, until } from '../client/cluster.ts'
import { applyCrds } from '../client/crds.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { externalSecretCrds, secretProviderClassCrd } from '../harness/install/csi-manifests.ts'
import { readManifest } from '../harness/install/install.ts'
import { teamRoles } from '../sync/harness/team-roles.ts'
import { checkTypes } from './check-types.ts'

/** Tests the warnings about what requests Secrets where Secret sync isn't enabled. */
const cluster = openCluster(t)
const api = connect(process.env['KUBECONFIG'] ?? '')
t.teardown(() => api.close())
const enabled = await testNamespace(t, cluster)
const other = await testNamespace(t, cluster)
const policies = readRendering('unsynced') as readonly KubeObject[]
const installed = readManifest('install.yaml').filter(
  ({ metadata }) => metadata.name === 'akv-injector-unsynced-accounts',
)
const crds = [...externalSecretCrds(), secretProviderClassCrd()]
t.teardown(async () => {
  for (const object of [...policies, ...crds]) await cluster.delete(object)
  for (const object of installed) await cluster.apply(object)
})
await applyCrds(cluster, crds)
for (const object of [...policies, ...teamRoles(enabled, ['web'])])
  expectSuccess(await cluster.apply(object))

const warnings = async (object: KubeObject) =>
  expectSuccess(await cluster.apply(object, { dryRun: true })).warnings
const sync = { 'akv-injector.io/sync': '- { secret: db, data: x }' }
const account = (namespace: string, name: string, annotations: object = sync) => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace, annotations },
})
const externalSecret = (namespace: string, version = 'v1') => ({
  apiVersion: `external-secrets.io/${version}`,
  kind: 'ExternalSecret',
  metadata: { name: 'db', namespace },
  spec: { secretStoreRef: { name: 'kv' } },
})
const secretObjects = [{ secretName: 'db', type: 'Opaque', data: [] }]
const secretProviderClass = (
  namespace: string,
  spec: object = { provider: 'azure', secretObjects },
) => ({
  apiVersion: 'secrets-store.csi.x-k8s.io/v1',
  kind: 'SecretProviderClass',
  metadata: { name: 'kv', namespace },
  spec,
})
const isWarned = (object: KubeObject) => async () => {
  const answer = await cluster.apply(object, { dryRun: true })
  return answer.warnings.some((text) => text.includes('Secret sync is not enabled'))
}
/** Policies take effect a moment after they are applied. */
for (const object of [account(other, 'web'), externalSecret(other), secretProviderClass(other)])
  await until(isWarned(object))
await until(async () => !(await isWarned(account(enabled, 'web'))()))

t.test('an account that isn’t enabled is admitted with a warning', async (t) => {
  for (const object of [account(other, 'web'), account(enabled, 'other')]) {
    const [warning, ...others] = await warnings(object)
    t.match(warning, "'akv-injector-unsynced-accounts'")
    t.match(warning, 'akv-injector.io/sync has no effect here: Secret sync is not enabled')
    t.match(warning, 'akv-injector rbac FILE')
    t.strictSame(others, [])
  }
})

t.test('an account that is enabled, or requests nothing, gets no warning', async (t) => {
  t.strictSame(await warnings(account(enabled, 'web')), [])
  for (const annotations of [
    {},
    { 'akv-injector.io/vault': 'team-a' },
    ...['false', 'False'].map((inject) => ({ ...sync, 'akv-injector.io/inject': inject })),
  ])
    t.strictSame(await warnings(account(other, 'web', annotations)), [])
})

t.test('a Role that names no account enables none', async (t) => {
  const namespace = await testNamespace(t, cluster)
  const [role, binding] = teamRoles(namespace, [])
  if (!role || !binding) throw new Error('no roles')
  for (const object of [role, binding]) expectSuccess(await cluster.apply(object))
  const message = async () => (await warnings(account(namespace, 'web'))).join('\n')
  await until(async () => (await message()).includes('create tokens of all ServiceAccounts'))
  t.notMatch(await message(), 'is not enabled for')
})

t.test('an ExternalSecret is reported unless its namespace is enabled', async (t) => {
  for (const version of ['v1', 'v1beta1']) {
    const texts = (await warnings(externalSecret(other, version))).join('\n')
    t.match(texts, "akv-injector doesn't sync this ExternalSecret: Secret sync is not enabled")
    t.notMatch((await warnings(externalSecret(enabled, version))).join('\n'), 'Secret sync')
  }
})

t.test('an ExternalSecret that another controller syncs isn’t reported', async (t) => {
  const object = externalSecret(other)
  expectSuccess(await cluster.apply(object))
  t.equal(await isWarned(object)(), true)
  const path = `/apis/external-secrets.io/v1/namespaces/${other}/externalsecrets/db/status`
  const contentType = 'application/merge-patch+json'
  const write = (fieldManager: string, message: string) => {
    const body = { status: { conditions: [{ type: 'Ready', status: 'False', message }] } }
    return api.call({ method: 'PATCH', path, body, contentType, query: { fieldManager } })
  }
  expectSuccess(await write('akv-injector-sync', 'a'))
  t.equal(await isWarned(object)(), true, 'sync itself wrote it, before it lost the permission')
  expectSuccess(await write('externalsecrets', 'b'))
  t.equal(await isWarned(object)(), false)
})

t.test(
  'a class of Azure with secretObjects is reported unless its namespace is enabled',
  async (t) => {
    t.match(await warnings(secretProviderClass(other)), [
      /doesn't write the secretObjects of this class: Secret sync is not enabled/,
    ])
    t.strictSame(await warnings(secretProviderClass(enabled)), [])
    for (const spec of [
      { provider: 'azure' },
      { provider: 'aws', secretObjects },
      { provider: 'azure', secretObjects: [] },
    ])
      t.strictSame(await warnings(secretProviderClass(other, spec)), [])
  },
)

t.test('the API server reports no type errors in the policies', async (t) => {
  await checkTypes(t, cluster, policies)
})
