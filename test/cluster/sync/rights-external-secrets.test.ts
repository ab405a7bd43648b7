import t from 'tap'
import type { Call, KubeObject } from '../client/api.ts'
import { testNamespace, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { deniedBy, forceApply, openSyncAccount } from './harness/sync-account.ts'

/** Tests that the sync controller can read ExternalSecrets and stores, and change nothing but their status. */
const { cluster, api, controller, namespaces } = await openSyncAccount(t)
const { teamA, teamB } = namespaces
const group = '/apis/external-secrets.io/v1'
const kinds = { externalsecrets: 'ExternalSecret', secretstores: 'SecretStore' } as const
const namespaced = Object.keys(kinds) as readonly (keyof typeof kinds)[]
const clusterStores = `${group}/clustersecretstores`
const pathIn = (namespace: string, plural: string) => `${group}/namespaces/${namespace}/${plural}`
const elsewhere = await testNamespace(t, cluster)

const objectOf = (kind: string, namespace?: string): KubeObject => ({
  apiVersion: 'external-secrets.io/v1',
  kind,
  metadata: { name: 'db', ...(namespace !== undefined && { namespace }), labels: { app: 'web' } },
  spec: { refreshInterval: '1h' },
})
const all = [
  ...[teamA, teamB, elsewhere].flatMap((namespace) =>
    namespaced.map((plural) => objectOf(kinds[plural], namespace)),
  ),
  objectOf('ClusterSecretStore'),
]

t.before(async () => {
  const paths = [...namespaced.map((plural) => pathIn(teamA, plural)), clusterStores]
  for (const path of paths)
    await until(async () => (await api.call({ method: 'GET', path })).status === 200)
  for (const object of all) expectSuccess(await cluster.apply(object))
})

/** The answers to a get, a list and a watch. */
async function reads(path: string): Promise<readonly number[]> {
  // From a future version, so that the watch ends without events.
  const watch = { watch: 'true', timeoutSeconds: '1', resourceVersion: '1000000000' }
  const calls: readonly Pick<Call, 'path' | 'query'>[] = [
    { path: `${path}/db` },
    { path },
    { path, query: watch },
  ]
  const answers = calls.map((call) => controller.call({ method: 'GET', ...call }))
  return (await Promise.all(answers)).map(({ status }) => status)
}

t.test('the sync controller lists and watches them, and the stores of the cluster', async (t) => {
  for (const plural of namespaced) {
    for (const namespace of [teamA, teamB, elsewhere])
      t.strictSame(await reads(pathIn(namespace, plural)), [403, 200, 200], plural)
    const everywhere = await controller.call({ method: 'GET', path: `${group}/${plural}` })
    t.equal(everywhere.status, 200, plural)
  }
  t.strictSame(await reads(clusterStores), [403, 200, 200])
})

const status = { conditions: [{ type: 'Ready', status: 'True', reason: 'SecretSynced' }] }
const apply = (path: string, body: object) => forceApply(controller, path, body)
const merge = (path: string, body: object) =>
  controller.call({ method: 'PATCH', path, body, contentType: 'application/merge-patch+json' })
const read = async (path: string) =>
  expectSuccess(await api.call({ method: 'GET', path })).body as KubeObject

/** What nobody may change through the status. */
function withoutStatus(object: KubeObject) {
  const { status: _, metadata, ...fields } = object
  const { managedFields: _managed, resourceVersion: _version, ...kept } = metadata
  return { ...fields, metadata: kept }
}

t.test('the sync controller writes the status, and nothing else through the status', async (t) => {
  for (const plural of namespaced) {
    const path = `${pathIn(teamA, plural)}/db`
    const before = withoutStatus(await read(path))
    const { apiVersion, kind } = objectOf(kinds[plural])
    const applied = { apiVersion, kind, metadata: { name: 'db' }, status }
    t.equal((await apply(`${path}/status`, applied)).status, 200)
    t.match(await read(path), { status })
    const more = {
      metadata: {
        labels: { app: 'other' },
        annotations: { 'akv-injector.io/service-account': 'api' },
        finalizers: ['example.com/held'],
        ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x' }],
      },
      spec: { refreshInterval: '2h' },
    }
    // The API server ignores the members or refuses the request, depending on the patch.
    await merge(`${path}/status`, more)
    await apply(`${path}/status`, {
      ...applied,
      ...more,
      metadata: { ...applied.metadata, ...more.metadata },
    })
    t.strictSame(withoutStatus(await read(path)), before, plural)
  }
})

t.test('the API server ignores managedFields that come through the status', async (t) => {
  const forged = {
    manager: 'kubectl',
    operation: 'Update',
    apiVersion: 'external-secrets.io/v1',
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:spec': {} },
  }
  for (const plural of namespaced) {
    const path = `${pathIn(teamA, plural)}/db`
    const before = await read(path)
    for (const entry of [{}, forged]) {
      const { status } = await merge(`${path}/status`, { metadata: { managedFields: [entry] } })
      t.equal(status, 200)
      t.strictSame(await read(path), before, plural)
    }
    t.equal((await merge(path, { metadata: { managedFields: [{}] } })).status, 403)
  }
})

t.test('the sync controller can’t change, create or delete them', async (t) => {
  const change = { metadata: { labels: { app: 'other' } }, spec: { refreshInterval: '2h' } }
  const writes = (collection: string, kind: string) => {
    const object = objectOf(kind)
    const created = { ...object, metadata: { name: 'mine' } }
    return [
      controller.call({ method: 'POST', path: collection, body: created }),
      controller.call({ method: 'PUT', path: `${collection}/db`, body: object }),
      controller.call({ method: 'PUT', path: `${collection}/db/status`, body: object }),
      controller.call({ method: 'DELETE', path: `${collection}/db` }),
      controller.call({ method: 'DELETE', path: collection }),
      merge(`${collection}/db`, change),
      apply(`${collection}/db`, object),
    ]
  }
  const statusOf = (collection: string) => merge(`${collection}/db/status`, { status })
  for (const plural of namespaced)
    for (const namespace of [teamA, elsewhere])
      for (const answer of writes(pathIn(namespace, plural), kinds[plural]))
        t.equal((await answer).status, 403, `${namespace} ${plural}`)
  for (const answer of writes(clusterStores, 'ClusterSecretStore'))
    t.equal((await answer).status, 403)
  for (const plural of namespaced) {
    const { status, body } = await statusOf(pathIn(elsewhere, plural))
    t.equal(status, 422, plural)
    t.match(body.message, deniedBy('statuses'))
  }
})

t.test(
  'the sync controller writes the status of a store of the cluster, and nothing else',
  async (t) => {
    const path = `${clusterStores}/db`
    const before = withoutStatus(await read(path))
    const { apiVersion, kind } = objectOf('ClusterSecretStore')
    const applied = { apiVersion, kind, metadata: { name: 'db' }, status }
    t.equal((await apply(`${path}/status`, applied)).status, 200)
    t.match(await read(path), { status })
    await merge(`${path}/status`, { metadata: { labels: { app: 'other' } }, spec: {} })
    t.strictSame(withoutStatus(await read(path)), before)
  },
)
