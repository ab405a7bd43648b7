import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { tenantId } from '../../support/servers/start-test-emulator.ts'
import { webId } from '../../sync/harness/simulation.ts'
import type { KubeObject } from '../client/api.ts'
import { until } from '../client/cluster.ts'
import { applyCrds } from '../client/crds.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { externalSecretCrds } from '../harness/install/csi-manifests.ts'
import { startOwnCluster } from './harness/own-cluster.ts'
import { syncProgram } from './harness/sync-program.ts'

const { CLUSTER_AUDIT_LOG } = process.env
const skip = CLUSTER_AUDIT_LOG ? false : 'needs an API server of its own'
const account = 'workload-identity-sa'
const vaultData = `
tenantId: ${tenantId}
identities:
  - { clientId: ${webId}, federatedCredentials: [{ subject: 'system:serviceaccount:default:${account}' }] }
vaults:
  team-a: { readers: [${webId}], secrets: { ExampleSecret: correct horse, json: '{"a":"1"}' } }
`
const minuteMs = 60_000
const namespace = 'default'
const group = 'external-secrets.io'

t.test('ExternalSecrets become Secrets, and outlast their kind', { skip }, async (t) => {
  const { api, cluster, azure, ...own } = await startOwnCluster(t, vaultData)
  const vaultUrl = `${azure.url}/team-a`
  /** What users of the operator start from. The emulated vault has a host of its own. */
  const [firstStore, firstSecret] = parseAllDocuments(
    readFileSync(join(import.meta.dirname, '../../fixtures/eso/first.yaml'), 'utf8').replace(
      'https://team-a.vault.azure.net',
      vaultUrl,
    ),
  ).map((document): KubeObject => document.toJS())
  await applyCrds(cluster, externalSecretCrds())
  const apply = async (object: KubeObject) =>
    expectSuccess(
      await cluster.apply({ ...object, metadata: { ...object.metadata, namespace } } as KubeObject),
    )
  await apply({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name: account,
      annotations: {
        'azure.workload.identity/client-id': webId,
        'azure.workload.identity/tenant-id': tenantId,
      },
    },
  })
  const kubeconfigFile = await own.enableSync(namespace, [account])
  const start = await syncProgram(t, { kubeconfigFile, cloud: azure, externalSecrets: true })
  const values = async (name: string) => {
    const metadata = { name, namespace }
    const { status, body } = await cluster.get({ apiVersion: 'v1', kind: 'Secret', metadata })
    return status === 404 ? undefined : (body['data'] as Readonly<Record<string, string>>)
  }
  const has = async (name: string, key = 'password', value = 'correct horse') =>
    (await values(name))?.[key] === Buffer.from(value).toString('base64')
  const ready = async (name: string, kind = 'ExternalSecret') => {
    const { body } = await cluster.get({
      apiVersion: `${group}/v1`,
      kind,
      metadata: { name, namespace },
    })
    const { conditions = [] } = (body['status'] ?? {}) as {
      conditions?: readonly Readonly<Record<string, string>>[]
    }
    return conditions.find(({ type }) => type === 'Ready')
  }
  const untilReady = (name: string, status: string, withinMs?: number) =>
    until(async () => (await ready(name))?.['status'] === status, withinMs)
  const externalSecret = (name: string, spec: object, version = 'v1'): KubeObject => ({
    apiVersion: `${group}/${version}`,
    kind: 'ExternalSecret',
    metadata: { name },
    spec: { secretStoreRef: { name: 'azure-store' }, ...spec },
  })
  const data = [{ secretKey: 'password', remoteRef: { key: 'ExampleSecret' } }]

  let program = await start()
  await t.test('the manifests as they stand', async (t) => {
    if (!firstStore || !firstSecret) throw new Error('the fixture has two objects')
    // In the order in which people write them, and the other one.
    await apply(firstSecret)
    await untilReady('my-external-secret', 'False')
    await apply(firstStore)
    await until(() => has('my-k8s-secret'))
    await untilReady('my-external-secret', 'True')
    t.match(await ready('my-external-secret'), { reason: 'SecretSynced' })
    await until(async () => (await ready('azure-store', 'SecretStore'))?.['status'] === 'True')
  })

  await t.test('the columns that kubectl prints', async (t) => {
    const path = `/apis/${group}/v1/namespaces/${namespace}/externalsecrets`
    const { body } = await api.call({
      method: 'GET',
      path,
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    })
    const { columnDefinitions, rows } = body as unknown as {
      columnDefinitions: readonly { name: string }[]
      rows: readonly { cells: readonly unknown[] }[]
    }
    t.strictSame(
      columnDefinitions.map(({ name }) => name),
      ['Name', 'StoreType', 'Store', 'Refresh Interval', 'Status', 'Ready', 'Last Sync'],
    )
    t.match(rows[0]?.cells, ['my-external-secret', 'SecretStore', 'azure-store', '1h'])
    t.match(rows[0]?.cells.slice(4), ['SecretSynced', 'True', /^\d+[smh]/])
  })

  await t.test('v1beta1, templates, extract, and a bad one beside good ones', async (t) => {
    await apply(externalSecret('beta', { data }, 'v1beta1'))
    const template = { data: { url: 'p={{ .password }}&a={{ .a }}' } }
    await apply(
      externalSecret('made', {
        target: { name: 'of-made', template },
        dataFrom: [{ extract: { key: 'json' } }],
        data,
      }),
    )
    await apply(externalSecret('bad', { data, target: { creationPolicy: 'Orphan' } }))
    await until(() => has('beta'))
    await until(() => has('of-made', 'url', 'p=correct horse&a=1'))
    await untilReady('bad', 'False')
    t.match(await ready('bad'), {
      reason: 'SecretSyncedError',
      message: /spec\.target\.creationPolicy "Orphan": is not supported here; accepted: Owner/,
    })
    t.equal(await values('bad'), undefined)
  })

  await t.test('a ClusterSecretStore with conditions', async () => {
    const store = (namespaces: readonly string[]): KubeObject => ({
      apiVersion: `${group}/v1`,
      kind: 'ClusterSecretStore',
      metadata: { name: 'everywhere' },
      spec: {
        provider: { azurekv: { authType: 'ManagedIdentity', vaultUrl } },
        conditions: [{ namespaces }],
      },
    })
    const secretStoreRef = { name: 'everywhere', kind: 'ClusterSecretStore' }
    expectSuccess(await cluster.apply(store(['other'])))
    await apply(externalSecret('from-cluster', { secretStoreRef, data }))
    await untilReady('from-cluster', 'False')
    expectSuccess(await cluster.apply(store(['other', namespace])))
    await until(() => has('from-cluster'))
  })

  await t.test('a store that becomes another controller’s, and back', async (t) => {
    const own = externalSecret('theirs', { secretStoreRef: { name: 'shared' }, data })
    const store = (controller: string): KubeObject => ({
      apiVersion: `${group}/v1`,
      kind: 'SecretStore',
      metadata: { name: 'shared' },
      spec: { controller, provider: { azurekv: { vaultUrl, authType: 'WorkloadIdentity' } } },
    })
    const statusOf = async () =>
      (await cluster.get({ ...own, metadata: { name: 'theirs', namespace } })).body['status']
    await apply(store(''))
    await apply(own)
    await untilReady('theirs', 'True')
    t.match(await statusOf(), {
      syncedResourceVersion: /^1-[0-9a-f]{56}$/,
      binding: { name: 'theirs' },
    })
    await apply(store('blue'))
    await until(async () => (await ready('theirs')) === undefined)
    t.equal(await statusOf(), undefined, 'nothing of our status is left')
    t.ok(await has('theirs'))
    await apply(store(''))
    await untilReady('theirs', 'True')
  })

  await t.test(
    'the Secret of an ExternalSecret that is deleted during a restart is deleted after a minute',
    async (t) => {
      await program.end('SIGKILL')
      expectSuccess(
        await cluster.delete({
          ...externalSecret('beta', {}),
          metadata: { name: 'beta', namespace },
        } as KubeObject),
      )
      program = await start()
      await until(async () => (await values('beta')) === undefined, 2 * minuteMs)
      t.ok(await has('my-k8s-secret'))
    },
  )

  await t.test('CRDs that go take no Secret along, and neither does a restart', async (t) => {
    for (const crd of externalSecretCrds()) expectSuccess(await cluster.delete(crd))
    await delay(5_000)
    await program.end('SIGTERM')
    program = await start()
    await delay(minuteMs + 10_000)
    t.ok(await has('my-k8s-secret'))
    t.ok(await has('of-made', 'url', 'p=correct horse&a=1'))
    await applyCrds(cluster, externalSecretCrds())
    if (firstStore) await apply(firstStore)
    if (firstSecret) await apply(firstSecret)
    await untilReady('my-external-secret', 'True', 2 * minuteMs)
    t.equal(await program.end('SIGTERM'), 0)
  })
})
