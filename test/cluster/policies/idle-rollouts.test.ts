import t from 'tap'
import { readRendering } from '../../manifests/security/renderings.ts'
import type { KubeObject } from '../client/api.ts'
import { openCluster, testNamespace, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { prefixed } from '../client/pods.ts'
import { readManifest } from '../harness/install/install.ts'
import { checkTypes } from './check-types.ts'
import { workloads } from './workloads.ts'

/** Tests the warnings about workloads that ask for roll-outs that can't happen. */
const cluster = openCluster(t)
const enabled = await testNamespace(t, cluster)
const other = await testNamespace(t, cluster)
/** No webhook runs here, so a pod gets past its configuration only in an excluded namespace. */
const excluded = await testNamespace(t, cluster, { 'control-plane': 'x' })
const policies = readRendering('idleRollouts') as readonly KubeObject[]
const installed = readManifest('install.yaml').filter(
  ({ metadata }) => metadata.name === 'akv-injector-idle-rollouts',
)
t.teardown(async () => {
  for (const object of installed) await cluster.apply(object)
})

const rbac = 'rbac.authorization.k8s.io'
const role = { apiVersion: `${rbac}/v1`, metadata: { name: 'rollouts', namespace: enabled } }
const rules = [
  {
    apiGroups: [''],
    resources: ['serviceaccounts/token'],
    resourceNames: ['default'],
    verbs: ['create'],
  },
  {
    apiGroups: ['apps'],
    resources: ['deployments', 'statefulsets', 'daemonsets'],
    verbs: ['patch'],
  },
]
const binding = {
  ...{ ...role, kind: 'RoleBinding' },
  roleRef: { apiGroup: rbac, kind: 'Role', name: 'rollouts' },
  subjects: [{ kind: 'ServiceAccount', name: 'akv-injector-sync', namespace: 'akv-injector' }],
}
for (const object of [{ ...role, kind: 'Role', rules }, binding])
  expectSuccess(await cluster.apply(object))

const asking = { vault: 'team-a', secrets: 'db', 'on-change': 'rollout' }
const annotated = (namespace: string) => workloads({ namespace, annotations: asking })
const [deployment, cronJob] = annotated(enabled) as readonly [KubeObject, KubeObject]
const warnings = async (object: KubeObject) =>
  expectSuccess(await cluster.apply(object, { dryRun: true })).warnings.filter((text) =>
    text.includes('akv-injector-idle-rollouts'),
  )

t.test('while roll-outs are off, that is the reason', async (t) => {
  await until(async () => (await warnings(deployment)).length > 0)
  t.match(await warnings(deployment), [/has no effect yet: roll-outs are off/])
})

t.test('with roll-outs, only what can’t happen is reported', async (t) => {
  for (const object of policies) expectSuccess(await cluster.apply(object))
  await until(async () => (await warnings(deployment)).length === 0)
  await checkTypes(t, cluster, policies)
  const [elsewhere] = annotated(other) as readonly [KubeObject]
  t.match(await warnings(elsewhere), [/no Role allows roll-outs of the workloads of this/])
  t.match(await warnings(cronJob), [/has no effect here: only a Deployment/])
  const [plain] = workloads({ namespace: enabled }) as readonly [KubeObject]
  const own = (value: string) => ({
    ...plain,
    metadata: { ...plain.metadata, annotations: prefixed({ 'on-change': value }) },
  })
  t.strictSame(await warnings(own('rollout-env')), [])
  t.match(await warnings(own('restart')), [/expected "rollout"/])
  t.strictSame(await warnings(plain), [])
  const spec = deployment['spec'] as object
  const onDelete = {
    ...deployment,
    kind: 'DaemonSet',
    spec: { ...spec, updateStrategy: { type: 'OnDelete' } },
  }
  t.match(await warnings(onDelete), [/OnDelete/])
  const { template } = spec as { template: { metadata: object; spec: object } }
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...template.metadata, name: 'web', namespace: excluded },
    spec: template.spec,
  }
  t.match(await warnings(pod), [/only a Deployment/])
})
