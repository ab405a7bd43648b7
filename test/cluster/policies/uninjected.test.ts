import { readFileSync } from 'node:fs'
import t from 'tap'
import type { KubeObject } from '../client/api.ts'
import { openCluster, testNamespace, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { agentOf, annotatedPod, filesAndEnv, type Pod, plainPod, prefixed } from '../client/pods.ts'
import { readManifest, webhookConfiguration } from '../harness/install/install.ts'
import { openDrills } from '../node/harness/explain.ts'
import { serveWebhook } from '../webhook/harness/serve-webhook.ts'
import { changeEnforcement } from './policy-binding.ts'

/** Tests the warnings about annotated pods that get no agent. */
const cluster = openCluster(t)
const explain = await openDrills(t, '../policies/uninjected.test.ts')
await serveWebhook(t, cluster)
const ordinary = await testNamespace(t, cluster)
const excluded = await testNamespace(t, cluster, { 'control-plane': 'x' })
const managed = await testNamespace(t, cluster, { 'kubernetes.azure.com/managedby': 'aks' })

const warning = /akv-injector\.io annotations but no agent/
const policyName = 'akv-injector-uninjected-pods'
const tryPod = (pod: KubeObject) => cluster.create(pod, { dryRun: true })
const annotated = (annotations: Readonly<Record<string, string>> = filesAndEnv) =>
  annotatedPod({ namespace: excluded, annotations })
/** Policies take effect a moment after the install. */
await until(async () => (await tryPod(annotated())).warnings.length > 0)

t.test('the API server reports no type errors in the policies', async (t) => {
  const policies = readManifest('install.yaml').filter(
    ({ kind }) => kind === 'ValidatingAdmissionPolicy',
  )
  t.ok(policies.length >= 4)
  for (const policy of policies) {
    let status: { observedGeneration?: number; typeChecking?: object } = {}
    await until(async () => {
      status = ((await cluster.get(policy)).body['status'] ?? {}) as typeof status
      return status.observedGeneration !== undefined
    })
    t.strictSame(status.typeChecking ?? {}, {}, `${policy.metadata.name}`)
  }
})

t.test('an annotated pod without an agent starts with a warning', async (t) => {
  for (const namespace of [excluded, managed, 'kube-public']) {
    const { status, warnings } = await tryPod(annotatedPod({ namespace }))
    t.equal(status, 201)
    t.match(warnings, [warning], namespace)
    t.equal(warnings.length, 1)
  }
})

t.test('a pod with the maximum of annotations stays within the policy’s cost limit', async (t) => {
  const many = Object.fromEntries(Array.from({ length: 30_000 }, (_, i) => [`a${i}`, '']))
  const pod = annotated()
  const metadata = { ...pod.metadata, annotations: { ...many, ...prefixed(filesAndEnv) } }
  const { warnings } = expectSuccess(await tryPod({ ...pod, metadata }))
  t.match(warnings, [warning])
})

const { CLUSTER_AUDIT_LOG } = process.env
const skip = CLUSTER_AUDIT_LOG ? false : 'the audit log of a foreign cluster is out of reach'
t.test(
  'the audit log has the warning about pods that a controller creates',
  { skip },
  async (t) => {
    const { name } = expectSuccess(await cluster.create(annotated())).body.metadata
    await until(async () =>
      readFileSync(String(CLUSTER_AUDIT_LOG), 'utf8')
        .split('\n')
        .some(
          (line) =>
            line.includes(String(name)) &&
            line.includes('validation.policy.admission.k8s.io/validation_failure') &&
            line.includes(policyName),
        ),
    )
    t.pass('validation_failure')
  },
)

t.test('with the action Deny, such a pod is refused', async (t) => {
  await changeEnforcement(t, cluster, {
    name: policyName,
    actions: ['Deny', 'Audit'],
    isInForce: async () => (await tryPod(annotated())).status === 422,
  })
  t.match((await tryPod(annotated())).body.message, warning)
  expectSuccess(await tryPod(annotatedPod({ namespace: ordinary })))
  expectSuccess(await tryPod(annotated({ ...filesAndEnv, inject: 'false' })))
})

const template = (annotations: Readonly<Record<string, string>>, restartPolicy = 'Always') => ({
  metadata: { labels: { app: 'web' }, annotations: prefixed(annotations) },
  spec: { ...plainPod().spec, restartPolicy },
})
const selector = { matchLabels: { app: 'web' } }

/** Returns one workload of each kind, with these annotations in its pod template. */
const workloads = (
  namespace: string,
  annotations: Readonly<Record<string, string>> = filesAndEnv,
): readonly KubeObject[] => {
  const metadata = { name: 'web', namespace }
  const pods = { selector, template: template(annotations) }
  const job = { template: template(annotations, 'Never') }
  return [
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: pods },
    { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata, spec: { ...pods, serviceName: 'web' } },
    { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata, spec: pods },
    { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata, spec: pods },
    { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: job },
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata,
      spec: { schedule: '@daily', jobTemplate: { spec: job } },
    },
  ]
}
const apply = (object: KubeObject) => cluster.apply(object, { dryRun: true })

t.test('a workload in an excluded namespace is admitted with a warning', async (t) => {
  for (const namespace of [excluded, managed, 'kube-public'])
    for (const workload of workloads(namespace)) {
      const { warnings } = expectSuccess(await apply(workload))
      t.equal(warnings.length, 1, workload.kind)
      t.match(warnings, [`the namespace ${namespace} is excluded from injection`])
    }
})

t.test('an update of such a workload is admitted with a warning', async (t) => {
  const [deployment] = workloads(excluded)
  if (!deployment) throw new Error('none')
  expectSuccess(await cluster.apply(deployment))
  await explain(t, 'a workload in an excluded namespace is admitted with a warning', 'cluster')
  const changed = { ...deployment, metadata: { ...deployment.metadata, labels: { changed: 'x' } } }
  t.match(expectSuccess(await apply(changed)).warnings, [/is excluded from injection/])
})

t.test('without the webhook configuration, all annotated pods start with a warning', async (t) => {
  const configuration = webhookConfiguration()
  expectSuccess(await cluster.delete(configuration))
  t.teardown(() => cluster.apply(configuration))
  const pod = annotatedPod({ namespace: ordinary })
  await until(async () => {
    const { status, body, warnings } = await tryPod(pod)
    if (status !== 201 || agentOf(body as Pod)) return false
    t.match(warnings, [warning])
    return true
  })
})
