import t from 'tap'
import type { AkvErrorCode } from '../../../../lib/errors/akv-error.ts'
import { errorTable } from '../../../../lib/errors/error-table.ts'
import { withoutHelm } from '../../../manifests/helm.ts'
import { issueTestAuthority } from '../../../support/issue-test-authority.ts'
import type { KubeObject } from '../../client/api.ts'
import { until } from '../../client/cluster.ts'
import { csiLabel } from '../../csi/harness/csi-pods.ts'
import { teamRoles } from '../../sync/harness/team-roles.ts'
import { classOf, csiApp } from '../csi/harness/csi-app.ts'
import { serveLabelled } from '../csi/harness/serve-labelled.ts'
import { appPod, mountPath, password } from '../harness/app-pod.ts'
import { podWithChangedAgent } from '../harness/changed-agent.ts'
import { agentStatus, isRestarted, killContainer } from '../harness/containers.ts'
import { openDrills } from '../harness/explain.ts'
import { isRunning, openNode, podTimeoutMs } from '../harness/open-node.ts'
import { untilSaid } from '../harness/until-said.ts'

/** Tests identity bindings of AKS from the manifest to the file and the Secret, and what their failures look like. */
if (withoutHelm) {
  t.plan(0, withoutHelm)
  process.exit()
}
const node = openNode(t)
const explain = await openDrills(t, 'outages/identity-binding.test.ts')
const { tokenProxy } = node.environment.vault
const authority = (ca: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'akv-injector', name: 'cluster-ca' },
  data: { 'ca.crt': ca },
})
await node.apply(authority(tokenProxy.caPem))
await serveLabelled(
  t,
  node,
  {},
  {
    identityBinding: { enabled: true, tokenProxy: tokenProxy.url, caConfigMap: 'cluster-ca' },
    sync: { enabled: true },
  },
)
const namespace = await node.namespace(csiLabel)
const client = '22222222-2222-2222-2222-222222222222'
const tenant = '11111111-1111-1111-1111-111111111111'
const unbound = '33333333-3333-3333-3333-333333333333'
const account = (name: string, annotations: Readonly<Record<string, string>> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: {
    ...{ namespace, name },
    annotations: {
      'azure.workload.identity/client-id': client,
      'azure.workload.identity/tenant-id': tenant,
      ...annotations,
    },
  },
})
const asked = { secrets: 'db-password', 'identity-binding': 'true' }
const identity = { 'client-id': client, 'tenant-id': tenant }
const bound = (name: string, annotations: Readonly<Record<string, string>> = {}, spec = {}) =>
  appPod({
    ...{ namespace, name, labels: {} },
    annotations: { ...asked, ...identity, ...annotations },
    spec: { serviceAccountName: 'bound', ...spec },
  })

/** The pod as it would be admitted, or why it wouldn't. */
const admitted = async () =>
  JSON.stringify((await node.cluster.create(bound('probe'), { dryRun: true })).body)

await node.apply(account('bound'), account('stranger'))
// The webhook asks the API server for its certificate first.
await until(async () => (await admitted()).includes('api://AKSIdentityBinding'), podTimeoutMs)
const byAnnotation = bound('by-annotation', { refresh: '5m' })
const shop = classOf({
  ...{ namespace, name: 'shop', vault: 'team-a', secrets: ['db-password'] },
  parameters: { clientID: client, useAzureTokenProxy: 'true' },
})
const byClass = csiApp({
  ...{ namespace, name: 'by-class', classes: { shop: 'shop' } },
  spec: { serviceAccountName: 'bound' },
})
await node.apply(shop, byAnnotation, byClass)

t.test('a pod with the annotation gets its files by the token proxy', async (t) => {
  const { spec } = await node.untilPod(byAnnotation, isRunning)
  t.equal(await node.exec(byAnnotation, 'app', 'cat', `${mountPath}/db-password`), password)
  t.match(JSON.stringify(spec), '"audience":"api://AKSIdentityBinding"')
  t.notMatch(JSON.stringify(spec), 'AzureADTokenExchange')
})

t.test('a pod with a served class that asks for it gets its volume', async (t) => {
  await node.untilPod(byClass, isRunning)
  t.equal(await node.exec(byClass, 'app', 'cat', '/mnt/shop/db-password'), password)
})

t.test('a synced account gets its Secret by the token proxy', async (t) => {
  const synced = account('web', {
    'azure.workload.identity/use-identity-binding': 'true',
    'akv-injector.io/vault': 'team-a',
    'akv-injector.io/sync': '[{ secret: db, data: "password=db-password" }]',
  })
  const refused = account('stranger', {
    'akv-injector.io/identity-binding': 'true',
    'akv-injector.io/vault': 'team-a',
    'akv-injector.io/sync': '[{ secret: no, data: "password=db-password" }]',
  })
  await node.apply(...teamRoles(namespace, ['web', 'stranger']), synced, refused)
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name: 'db' } }
  await until(async () => (await node.cluster.get(secret)).status === 200, podTimeoutMs)
  const { body } = await node.cluster.get(secret)
  t.match(body, { data: { password: Buffer.from(password).toString('base64') } })
  const failed = /Warning +SyncFailed .* AKV_BINDING_FORBIDDEN: /
  const user = `system:serviceaccount:${namespace}:stranger`
  await untilSaid(t, () => node.describe(refused), failed, user)
  await explain(t, t.name, refused)
})

const { certificatePem: otherCa } = await issueTestAuthority('another authority')
interface Drill {
  readonly name: string
  readonly code: AkvErrorCode
  readonly pod: KubeObject
  readonly says: readonly (string | RegExp)[]
}
const changed = (name: string, config: Parameters<typeof podWithChangedAgent>[1]['config']) =>
  podWithChangedAgent(node, {
    ...{ namespace, name, annotations: { ...asked, timeout: '2s' } },
    ...(config && { config }),
  })
const drills: readonly Drill[] = [
  {
    name: 'binding-without-right',
    code: 'AKV_BINDING_FORBIDDEN',
    pod: bound('binding-without-right', { timeout: '2s' }, { serviceAccountName: 'stranger' }),
    says: [
      `system:serviceaccount:${namespace}:stranger`,
      `apiGroups [cid.wi.aks.azure.com], resources [${client}] and verbs [use-managed-identity]`,
      'akv-injector identity prints',
    ],
  },
  {
    name: 'cluster-without-binding',
    code: 'AKV_BINDING_NOT_FOUND',
    pod: bound('cluster-without-binding', { timeout: '2s', 'client-id': unbound }),
    says: [`client ${unbound}`, 'az aks identity-binding create'],
  },
  {
    name: 'binding-with-wrong-ca',
    code: 'AKV_BINDING_CA',
    pod: await changed('binding-with-wrong-ca', ({ tokenProxy: known }) => ({
      ...(known && { tokenProxy: { ...known, ca: otherCa } }),
    })),
    says: [`token proxy at ${tokenProxy.url}`],
  },
  {
    name: 'binding-of-another-cluster',
    code: 'AKV_BINDING_SERVER_NAME',
    pod: await changed('binding-of-another-cluster', ({ tokenProxy: known }) => ({
      ...(known && { tokenProxy: { ...known, serverName: 'aother.ests.aks' } }),
    })),
    says: [`token proxy at ${tokenProxy.url}`],
  },
  {
    name: 'token-for-entra-in-a-binding',
    code: 'AKV_TOKEN_AUDIENCE',
    pod: withAudience(await changed('token-for-entra-in-a-binding', undefined), {
      'api://AKSIdentityBinding': 'api://AzureADTokenExchange',
    }),
    says: ['accepts only api://AKSIdentityBinding'],
  },
  {
    name: 'token-for-another-audience',
    code: 'AKV_BINDING_REFUSED',
    pod: withAudience(await changed('token-for-another-audience', undefined), {
      'api://AKSIdentityBinding': 'api://another',
    }),
    says: ['audience "api://another"', 'HTTP 401'],
  },
]
await node.apply(...drills.map(({ pod }) => pod))

for (const { name, code, pod, says } of drills)
  t.test(name, async (t) => {
    await untilSaid(t, () => node.describe(pod), `${code}: `, errorTable[code].remedy, ...says)
    await explain(t, name, pod)
  })

t.test('a cluster’s authority that changes doesn’t stop a running pod', async (t) => {
  const answer = expectObject(await node.control('/rotate-cluster-ca', {}))
  await node.apply(authority(answer.ca))
  const status = agentStatus(await node.untilPod(byAnnotation, isRunning))
  if (!status) throw new Error('the pod has no agent')
  await killContainer(node, status)
  await node.untilPod(byAnnotation, isRestarted('akv-injector'))
  t.equal(await node.exec(byAnnotation, 'app', 'cat', `${mountPath}/db-password`), password)
  await until(
    async () => (await node.logs(byAnnotation, 'akv-injector')).includes('AKV_BINDING_CA'),
    podTimeoutMs,
  )
  await explain(t, t.name, byAnnotation)
  // The kubelet updates the ConfigMap in the webhook's pods, which then look at it once a minute.
  const line = answer.ca.split('\n')[2] ?? ''
  let inARow = 0
  // Both replicas have to know it, and the API server asks either of them.
  await until(async () => {
    inARow = (await admitted()).includes(line) ? inARow + 1 : 0
    return inARow === 20
  }, 240_000)
  const recreated = bound('recreated')
  await node.apply(recreated)
  await node.untilPod(recreated, isRunning)
  t.equal(await node.exec(recreated, 'app', 'cat', `${mountPath}/db-password`), password)
})

t.test('a token proxy that hangs', async (t) => {
  const action = { kind: 'delay', delayMs: 600_000 }
  await node.control('/faults', { match: { service: 'entra' }, action })
  t.teardown(() => node.clearFaults())
  const waiting = bound('token-proxy-hangs', { timeout: '2s' })
  await node.apply(waiting)
  const { remedy } = errorTable.AKV_NETWORK
  const proxy = `token proxy at ${tokenProxy.url}`
  await untilSaid(t, () => node.describe(waiting), 'AKV_NETWORK: ', proxy, remedy)
  await explain(t, t.name, waiting)
})

function withAudience(pod: KubeObject, changes: Readonly<Record<string, string>>): KubeObject {
  let text = JSON.stringify(pod)
  for (const [from, to] of Object.entries(changes)) text = text.replaceAll(from, to)
  return JSON.parse(text)
}

function expectObject(value: unknown): { readonly ca: string } {
  const { ca } = Object(value)
  if (typeof ca !== 'string') throw new Error(`unexpected ${JSON.stringify(value)}`)
  return { ca }
}
