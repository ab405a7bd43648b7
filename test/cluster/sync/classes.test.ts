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
import { secretProviderClassCrd } from '../harness/install/csi-manifests.ts'
import { startOwnCluster } from './harness/own-cluster.ts'
import { syncProgram } from './harness/sync-program.ts'

const { CLUSTER_AUDIT_LOG } = process.env
const skip = CLUSTER_AUDIT_LOG ? false : 'needs an API server of its own'
const vaultData = `
tenantId: ${tenantId}
identities:
  - { clientId: ${webId}, federatedCredentials: [{ subject: 'system:serviceaccount:default:default' }] }
vaults:
  team-a: { readers: [${webId}], secrets: { ExampleSecret: correct horse } }
`
const minuteMs = 60_000

/** The class of the driver's documentation, with its placeholders filled in. */
const [example] = parseAllDocuments(
  readFileSync(join(import.meta.dirname, '../../fixtures/sync/class.yaml'), 'utf8')
    .replace('<managed-identity-client-id>', webId)
    .replace('<keyvault-name>', 'team-a')
    .replace('<tenant-id>', tenantId),
).map((document): KubeObject => document.toJS())

/** The same class with another name, for another Secret. */
function classFor(name: string, secretName: string): KubeObject {
  if (!example) throw new Error('the fixture has no class')
  const data = [{ objectName: 'ExampleSecret', key: 'password' }]
  const spec = { ...(example['spec'] as object), secretObjects: [{ secretName, data }] }
  return { ...example, metadata: { name, namespace: 'default' }, spec }
}

/** The other tests share an API server, whose CRDs must not be deleted, so this test starts its own. */
t.test('secretObjects of classes become Secrets, and outlast their kind', { skip }, async (t) => {
  const { api, cluster, azure, ...own } = await startOwnCluster(t, vaultData)
  const crd = secretProviderClassCrd()
  await applyCrds(cluster, [crd])

  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'default' },
  }
  await until(async () => (await cluster.get(account)).status === 200)
  const kubeconfigFile = await own.enableSync('default', ['default'])
  const start = await syncProgram(t, { kubeconfigFile, cloud: azure, classes: true })
  const apply = async (object: KubeObject) => expectSuccess(await cluster.apply(object))
  const values = async (name: string) => {
    const metadata = { name, namespace: 'default' }
    const { status, body } = await cluster.get({ apiVersion: 'v1', kind: 'Secret', metadata })
    return status === 404 ? undefined : (body['data'] as Readonly<Record<string, string>>)
  }
  const has = async (name: string) =>
    (await values(name))?.['password'] === Buffer.from('correct horse').toString('base64')
  const isSynced = /^synced-secret: ready\n {2}\[\S+:\S+@[0-9a-f]{32}\b.*\]$/
  const status = async () => {
    const { metadata } = expectSuccess(await cluster.get(account)).body
    const annotations = metadata['annotations'] as Readonly<Record<string, string>> | undefined
    return annotations?.['akv-injector.io/sync-status'] ?? ''
  }
  const events = async () => {
    const metadata = { name: 'any', namespace: 'default' }
    const all = await cluster.list({ apiVersion: 'v1', kind: 'Event', metadata })
    return all.map((event) => {
      const { kind, name } = event['involvedObject'] as { kind: string; name: string }
      return `${kind} ${name} ${event['reason']}: ${event['message']}`
    })
  }

  let program = await start()
  await t.test('a class as it stands', async (t) => {
    await apply({
      ...example,
      metadata: { ...example?.metadata, namespace: 'default' },
    } as KubeObject)
    await until(() => has('synced-secret'))
    await until(async () => isSynced.test(await status()))
    t.match(
      (await events()).join('\n'),
      'SecretProviderClass azure-keyvault-secrets Synced: created Secret synced-secret',
    )
  })

  await t.test(
    'the Secret of a class that is deleted during a restart is deleted after a minute',
    async (t) => {
      await apply(classFor('good', 'of-good'))
      await until(() => has('of-good'))
      await program.end('SIGKILL')
      expectSuccess(await cluster.delete(classFor('good', 'of-good')))
      const startedAtMs = performance.now()
      program = await start()
      await until(async () => !(await has('of-good')), 2 * minuteMs)
      t.ok(performance.now() - startedAtMs >= minuteMs - 1_000)
      t.ok(await has('synced-secret'))
    },
  )

  await t.test('a deleted CRD deletes no Secret, and neither does a restart', async (t) => {
    expectSuccess(await cluster.delete(crd))
    // If discovery still names the kind, the controller waits a minute longer.
    await until(
      async () => /^synced-secret: AKV_SYNC_ORPHANED since /.test(await status()),
      2 * minuteMs,
    )
    t.match(
      (await events()).join('\n'),
      /ServiceAccount default SyncFailed: AKV_SYNC_ORPHANED: Secret synced-secret came from/,
    )
    await program.end('SIGTERM')
    program = await start()
    await delay(minuteMs + 10_000)
    t.ok(await has('synced-secret'))
    // The kind returns, and later the class.
    await applyCrds(cluster, [crd])
    await until(async () => (await status()).length > 0)
    await apply({
      ...example,
      metadata: { ...example?.metadata, namespace: 'default' },
    } as KubeObject)
    await until(async () => isSynced.test(await status()), 2 * minuteMs)
    t.equal(await program.end('SIGTERM'), 0)
  })
})
