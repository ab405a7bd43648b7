import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { readRendered } from '../../manifests/rendered.ts'
import type { KubeObject } from '../client/api.ts'
import { until } from '../client/cluster.ts'
import { teamRoles } from '../sync/harness/team-roles.ts'
import { shell } from './harness/app-pod.ts'
import { containerMemory } from './harness/container-memory.ts'
import { openDrills } from './harness/explain.ts'
import { withVault } from './harness/install-with-vault.ts'
import {
  hasEnded,
  isRunning,
  openNode,
  podTimeoutMs,
  type RunningPod,
} from './harness/open-node.ts'

/** Tests the controller as the chart deploys it: its image, permissions, policies and limits. */
const node = openNode(t)
const explain = await openDrills(t, 'sync.test.ts')
const namespace = await node.namespace()
const manifest = join(import.meta.dirname, '../../fixtures/sync/install.yaml')
const own = { namespace: 'akv-injector', name: 'akv-injector-webhook' }
const cloud = await node.cluster.get({ apiVersion: 'v1', kind: 'ConfigMap', metadata: own })
const { 'ca.crt': caPem = '' } = cloud.body['data'] as Readonly<Record<string, string>>
const azure = { url: node.environment.vault.url, caPem }

const { objects } = readRendered(readFileSync(manifest, 'utf8'))
await node.apply(
  ...objects.map((object) => (object.kind === 'Deployment' ? withVault(object, azure) : object)),
  ...teamRoles(namespace, ['web']),
)

const account = (list: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: {
    namespace,
    name: 'web',
    annotations: {
      'azure.workload.identity/tenant-id': '11111111-1111-1111-1111-111111111111',
      'akv-injector.io/vault': 'team-a',
      'akv-injector.io/refresh': '30s',
      'akv-injector.io/sync': list,
    },
  },
})
const twoSecrets = `
  - { secret: db, data: "password=db-password" }
  - { secret: foreign, data: "password=db-password" }`
const recovered = /Normal +Synced .* everything is in sync again/
const metadata = { namespace, name: 'db' }
const secret = () => node.cluster.get({ apiVersion: 'v1', kind: 'Secret', metadata })
/** Waits until the output of `kubectl describe` matches, and returns it; without a match, returns the last output. */
async function described(pattern: RegExp, object = account('')): Promise<string> {
  let text = ''
  await until(async () => {
    text = await node.describe(object)
    return pattern.test(text)
  }, podTimeoutMs).catch(() => undefined)
  return text
}

const controller = {
  namespace: 'akv-injector',
  selector: 'app.kubernetes.io/component=sync',
  count: 1,
}

t.test('an account gets its Secret and an event about it', async (t) => {
  await node.apply(account('[{ secret: db, data: "password=db-password" }]'))
  const [pod] = await node.pods(controller)
  await node.untilPod(pod, isRunning)
  await until(async () => (await secret()).status === 200)
  const { body } = await secret()
  t.match(body, {
    type: 'Opaque',
    data: { password: Buffer.from('correct horse battery staple').toString('base64') },
    metadata: { labels: { 'app.kubernetes.io/managed-by': 'akv-injector' } },
  })
  const created = /Normal +Synced .* created Secret db/
  t.match(await described(created), created)
})

t.test('the events of an account say what is wrong and what to do', async (t) => {
  await node.apply(account('[{ secret: db, data: "password=absent" }]'))
  const missing = /Warning +SyncFailed .* AKV_OBJECT_NOT_FOUND: .*absent/
  t.match(await described(missing), missing)
  const status = /db: AKV_OBJECT_NOT_FOUND since \d{4}-/
  t.match(await described(status), status, 'as long as it lasts, unlike the event')
  await explain(t, t.name, account(''))
})

t.test('an event says that a corrected account is in sync again', async (t) => {
  await node.apply(account('[{ secret: db, data: "password=db-password" }]'))
  t.match(await described(recovered), recovered)
  await explain(t, t.name, account(''))
})

t.test('events name a throttled vault, and report when it recovers', async (t) => {
  await node.control('/faults', { match: { vault: 'team-a' }, action: { kind: 'throttle' } })
  t.teardown(() => node.clearFaults())
  await node.apply(account('[{ secret: db, data: "password=db-password, key=api-key" }]'))
  const throttled = /Warning +SyncFailed .* AKV_THROTTLED: .*team-a/
  t.match(await described(throttled), throttled)
  await explain(t, t.name, account(''))
  await node.clearFaults()
  const updated = /Normal +Synced .* updated Secret db/
  t.match(await described(updated), updated)
})

t.test('a foreign Secret is left alone, and replaced after its owner deletes it', async (t) => {
  const foreign: KubeObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name: 'foreign' },
    stringData: { password: 'of others' },
  }
  await node.apply(foreign, account(twoSecrets))
  const refused = /Warning +SyncFailed .* AKV_SECRET_FOREIGN: .*foreign.*akv-injector\.io\/adopt/
  t.match(await described(refused), refused)
  await explain(t, t.name, account(''))
  await node.cluster.delete(foreign)
  const created = /Normal +Synced .* created Secret foreign/
  t.match(await described(created), created)
})

t.test('a deleted record of an account’s Secrets is written again', async (t) => {
  const record: KubeObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name: 'akv-injector-sync-web' },
  }
  await node.cluster.delete(record)
  await until(async () => (await node.cluster.get(record)).status === 200, podTimeoutMs)
  await explain(t, t.name, account(''))
})

t.test('an event tells an account that it isn’t enabled', async (t) => {
  const unlisted = account('[{ secret: other, data: "password=db-password" }]')
  const other = { ...unlisted, metadata: { ...unlisted.metadata, name: 'unlisted' } }
  await node.apply(other)
  const disabled =
    /Warning +SyncFailed .* AKV_SYNC_NOT_ENABLED: .*is not enabled .*akv-injector rbac/
  t.match(await described(disabled, other), disabled)
  await explain(t, t.name, other)
})

t.test('an ExternalSecret as it stands, up to the variable of a pod', async (t) => {
  const vaultUrl = `${azure.url}/team-a`
  const seed = parseAllDocuments(
    readFileSync(join(import.meta.dirname, '../../fixtures/eso/first.yaml'), 'utf8')
      .replace('https://team-a.vault.azure.net', vaultUrl)
      .replace('name: workload-identity-sa', 'name: web')
      .replace('key: ExampleSecret', 'key: db-password'),
  ).map((document): KubeObject => document.toJS())
  const [store, externalSecret, pod] = seed.map(
    (object): KubeObject => ({
      ...object,
      metadata: { ...object.metadata, namespace },
    }),
  )
  if (!store || !externalSecret || !pod) throw new Error('the fixture has three objects')
  await node.apply(store, externalSecret)
  const at = `--namespace=${namespace}`
  await until(async () => {
    const { body } = await node.cluster.get(externalSecret)
    const { conditions = [] } = (body['status'] ?? {}) as Partial<RunningPod['status']>
    return conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
  }, podTimeoutMs)
  t.match(
    await node.kubectl('get', at, 'externalsecret'),
    /^NAME +STORETYPE +STORE +REFRESH INTERVAL +STATUS +READY +LAST SYNC\s+my-external-secret +SecretStore +azure-store +1h +SecretSynced +True +\d+[smh]/,
  )
  const { containers } = pod['spec'] as { readonly containers: readonly object[] }
  const app = { ...containers[0], image: 'busybox:1.37', ...shell('echo "$DB_PASSWORD"') }
  await node.apply({ ...pod, spec: { restartPolicy: 'Never', containers: [app] } })
  const ended = await node.untilPod(pod, hasEnded)
  t.equal(ended.status.phase, 'Succeeded')
  t.equal(await node.kubectl('logs', at, 'my-app'), 'correct horse battery staple\n')
})

t.test('a Role without two of its rights', async (t) => {
  const lost = ['get', 'patch']
  const roles = teamRoles(namespace, ['web'])
  await node.apply(
    ...roles.map((role) =>
      role.kind === 'Role' ? { ...role, rules: rulesWithout(role, 'secrets', lost) } : role,
    ),
  )
  await explain(t, t.name, 'cluster')
  await node.apply(...roles)
})

interface Rule {
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}

const rulesWithout = (role: KubeObject, resource: string, verbs: readonly string[]) =>
  (role['rules'] as readonly Rule[]).map((rule) =>
    rule.resources.includes(resource)
      ? { ...rule, verbs: rule.verbs.filter((verb) => !verbs.includes(verb)) }
      : rule,
  )

t.test('the controller’s pod stays within its memory request and doesn’t restart', async (t) => {
  const [pod] = await node.pods(controller)
  const [status] = pod.status.containerStatuses ?? []
  if (!status) throw new Error('the pod has no container')
  const { anon, kernel, peak } = containerMemory(node, status)
  const inMiB = (bytes: number) => (bytes / 1024 / 1024).toFixed(1)
  t.comment(`anon ${inMiB(anon)}, kernel ${inMiB(kernel)}, peak of all ${inMiB(peak)} MiB`)
  t.ok(anon + kernel <= 128 * 1024 * 1024)
  t.equal(status.restartCount, 0)
})
