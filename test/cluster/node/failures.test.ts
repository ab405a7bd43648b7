import t from 'tap'
import type { KubeObject } from '../api.ts'
import { until } from '../cluster.ts'
import { appPod, mountPath, password } from './app-pod.ts'
import { agentStatus, lastMessage } from './containers.ts'
import { isRunning, openNode, podTimeoutMs } from './open-node.ts'

/** What `kubectl describe` tells of a pod that can't be given what it asks for, in both modes of the agent. */
const node = openNode(t)
const namespace = await node.namespace()

interface Failure {
  readonly name: string
  readonly annotations: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
  /** What a reader needs: the code, what is concerned, what to do. */
  readonly says: readonly (string | RegExp)[]
}

const failures: readonly Failure[] = [
  {
    name: 'no-identity',
    annotations: { secrets: 'db-password' },
    labels: {},
    says: [
      'AKV_IDENTITY_MISSING: no client id and no tenant id is known',
      'akv-injector.io/client-id',
      'azure.workload.identity/use: "true"',
    ],
  },
  {
    name: 'wrong-federated-credential',
    annotations: {
      secrets: 'db-password',
      'client-id': '33333333-3333-3333-3333-333333333333',
    },
    says: [
      'AKV_FEDERATION_MISMATCH',
      'AADSTS700213',
      /issuer "?https:\/\//,
      `system:serviceaccount:${namespace}:web`,
      'api://AzureADTokenExchange',
      'Compare issuer, subject and audience',
    ],
  },
  {
    name: 'no-role',
    annotations: { vault: 'locked', secrets: 'db-password' },
    says: [
      'AKV_FORBIDDEN: secret locked:db-password',
      'client 22222222-2222-2222-2222-222222222222 may not read it in vault locked',
      'Key Vault Secrets User',
    ],
  },
  {
    name: 'vault-unreachable',
    annotations: { vault: 'unreachable', secrets: 'db-password' },
    says: ['AKV_NETWORK: vault unreachable could not be reached', 'Check that the vault exists'],
  },
  {
    name: 'object-absent',
    annotations: { secrets: 'db-password, db-pasword' },
    says: ['AKV_OBJECT_NOT_FOUND: secret team-a:db-pasword', 'correct its name', '"?"'],
  },
  {
    name: 'object-disabled',
    annotations: { secrets: 'retired' },
    says: ['AKV_OBJECT_DISABLED: secret team-a:retired', 'Enable it'],
  },
  {
    name: 'variable-inexpressible',
    annotations: { env: 'MOTTO=motto' },
    says: ['AKV_ENV_VALUE', 'MOTTO', 'akv-injector.io/secrets'],
  },
]

await node.control('/rotate', { vault: 'team-a', name: 'motto', value: "it's not easy" })
await node.control('/faults', { match: { vault: 'unreachable' }, action: { kind: 'reset' } })
const modes = { init: {}, sidecar: { refresh: '5m' } }
const podOf = ({ name, annotations, labels }: Failure, mode: keyof typeof modes) =>
  appPod({
    name: `${name}-${mode}`,
    namespace,
    annotations: { timeout: '2s', ...annotations, ...modes[mode] },
    ...(labels && { labels }),
  })
const all = failures.flatMap((failure) =>
  (['init', 'sidecar'] as const).map((mode) => ({ failure, mode, pod: podOf(failure, mode) })),
)
await node.apply(...all.map(({ pod }) => pod))

for (const { failure, mode, pod } of all)
  t.test(`${failure.name}, in ${mode} mode`, async (t) => {
    await node.untilPod(pod, (found) => lastMessage(found) !== undefined)
    const described = await node.describe(pod)
    for (const words of failure.says) t.match(described, words)
  })

t.test('a role that is given while the agent tries lets the pod start', async (t) => {
  const pods = Object.entries(modes).map(([mode, annotations]) =>
    appPod({
      name: `role-given-${mode}`,
      namespace,
      annotations: { vault: 'team-b', secrets: 'shared-token', ...annotations },
    }),
  )
  await node.control('/faults', {
    match: { vault: 'team-b' },
    action: { kind: 'forbidden', innerCode: 'ForbiddenByRbac' },
  })
  await node.apply(...pods)
  for (const pod of pods)
    await until(
      async () => /AKV_FORBIDDEN/.test(await node.logs(pod, 'akv-injector').catch(() => '')),
      podTimeoutMs,
    )
  await fetch(`${node.environment.vault.controlUrl}/faults`, { method: 'DELETE' })
  for (const pod of pods) {
    const running = await node.untilPod(pod, isRunning)
    t.equal(agentStatus(running)?.restartCount, 0)
    t.match(await node.exec(pod, 'app', 'cat', `${mountPath}/shared-token`), /^.{24}$/)
  }
})

t.test('a Deployment’s bad annotation is told by its ReplicaSet', async (t) => {
  const pod = appPod({
    namespace,
    name: 'bad',
    annotations: { secrets: 'db-password', refesh: '1h' },
  })
  t.match(
    await describedReplicaSet(deploymentOf(pod, 'bad-annotation')),
    'akv-injector.io/refesh: is not known; the nearest key that is: akv-injector.io/refresh',
  )
})

t.test('under a quota of limits.cpu', async (t) => {
  const namespace = await node.namespace()
  const quota = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'cpu', namespace },
    spec: { hard: { 'limits.cpu': '1' } },
  }
  await node.apply(quota)
  await until(async () => {
    const { status } = (await node.cluster.get(quota)).body as { status?: { hard?: object } }
    return status?.hard !== undefined
  })
  const withLimit = appPod({
    namespace,
    name: 'with-limit',
    app: { resources: { limits: { cpu: '250m' } } },
  })
  await node.apply(withLimit)
  await t.test('a Deployment without limits is told by its ReplicaSet', async (t) => {
    const pod = appPod({ namespace, name: 'without' })
    t.match(
      await describedReplicaSet(deploymentOf(pod, 'without-limit')),
      'must specify limits.cpu for: akv-injector,app',
    )
  })
  await t.test('a pod with one runs', async (t) => {
    await node.untilPod(withLimit, isRunning)
    t.equal(await node.exec(withLimit, 'app', 'cat', `${mountPath}/db-password`), password)
  })
})

function deploymentOf({ metadata, spec }: KubeObject, name: string): KubeObject {
  const { labels, annotations, namespace = '' } = metadata
  const template = { metadata: { labels: { ...Object(labels), app: name }, annotations }, spec }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: { selector: { matchLabels: { app: name } }, template },
  }
}

/** What there is to read once it has failed. */
async function describedReplicaSet(deployment: KubeObject): Promise<string> {
  await node.apply(deployment)
  const { namespace, name } = deployment.metadata
  const describe = () =>
    node.kubectl('describe', 'replicaset', `--namespace=${namespace}`, `--selector=app=${name}`)
  let described = ''
  await until(async () => {
    described = await describe()
    return /Warning +FailedCreate/.test(described)
  })
  return described
}
