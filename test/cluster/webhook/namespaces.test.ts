import t from 'tap'
import type { KubeObject } from '../client/api.ts'
import { openCluster, testNamespace, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { agentOf, annotatedPod, filesAndEnv, type Pod, restrictedSpec } from '../client/pods.ts'
import { serveWebhook } from './harness/serve-webhook.ts'

/** Tests in namespaces with Pod Security, LimitRanges and quotas. */
const cluster = openCluster(t)
await serveWebhook(t, cluster)

const refreshing = { refresh: '5m', metrics: '19980', 'stale-after': '1h' }
for (const settings of [{ refresh: '0' }, { refresh: '5m' }, refreshing])
  t.test(`Pod Security restricted admits the agent, ${Object.keys(settings)}`, async (t) => {
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
    const namespace = await testNamespace(t, cluster, labels)
    const annotations = { ...filesAndEnv, ...settings }
    const pod = annotatedPod({ namespace, annotations, spec: restrictedSpec })
    t.ok(agentOf(expectSuccess(await cluster.create(pod, { dryRun: true })).body as Pod))

    const careless = annotatedPod({ namespace, annotations })
    const { status, body } = await cluster.create(careless, { dryRun: true })
    t.equal(status, 403)
    t.match(body.message, /violates PodSecurity "restricted.*container "app" must set/)
    t.notMatch(body.message, '"akv-injector"', 'and it is not the agent that is at fault')
  })

t.test(
  'a LimitRange’s defaults are applied to the app first, and the agent complies with them',
  async (t) => {
    const namespace = await testNamespace(t, cluster)
    const limits = [{ type: 'Container', default: { cpu: '500m', memory: '64Mi' } }]
    expectSuccess(await cluster.create(inNamespace(namespace, 'LimitRange', { limits })))
    await until(async () => {
      const { body } = expectSuccess(
        await cluster.create(annotatedPod({ namespace }), { dryRun: true }),
      )
      return (body as Pod).spec.containers[0]?.resources?.limits?.['cpu'] === '500m'
    })
    const { body } = expectSuccess(
      await cluster.create(annotatedPod({ namespace }), { dryRun: true }),
    )
    // Because every other container has a limit: see the quota below.
    t.match(agentOf(body as Pod)?.resources, { limits: { cpu: '250m', memory: '160Mi' } })
  },
)

t.test(
  'a LimitRange with a higher minimum than the agent’s request refuses the pod, and an annotation fixes that',
  async (t) => {
    const namespace = await testNamespace(t, cluster)
    const limits = [{ type: 'Container', min: { memory: '128Mi' }, default: { memory: '256Mi' } }]
    expectSuccess(await cluster.create(inNamespace(namespace, 'LimitRange', { limits })))
    await until(async () => {
      const { body } = await cluster.create(annotatedPod({ namespace }), { dryRun: true })
      return /minimum memory usage per Container is 128Mi, but request is/.test(body.message ?? '')
    })
    const annotations = { ...filesAndEnv, 'agent-requests': 'memory=128Mi' }
    t.ok(
      expectSuccess(
        await cluster.create(annotatedPod({ namespace, annotations }), { dryRun: true }),
      ),
    )
  },
)

t.test('a LimitRange bounds how far the agent’s limit is above its request', async (t) => {
  const namespace = await testNamespace(t, cluster)
  const amounts = { default: { memory: '256Mi' }, defaultRequest: { memory: '64Mi' } }
  const limits = [{ type: 'Container', ...amounts, maxLimitRequestRatio: { memory: '4' } }]
  expectSuccess(await cluster.create(inNamespace(namespace, 'LimitRange', { limits })))
  await until(async () => {
    const { body } = await cluster.create(annotatedPod({ namespace }), { dryRun: true })
    return /memory max limit to request ratio per Container is 4, but provided ratio is 10\.0/.test(
      body.message ?? '',
    )
  })
  const annotations = { ...filesAndEnv, 'agent-requests': 'memory=40Mi' }
  t.ok(
    expectSuccess(await cluster.create(annotatedPod({ namespace, annotations }), { dryRun: true })),
  )
})

t.test('a quota of requests.memory counts the request of a refreshing agent', async (t) => {
  const namespace = await testNamespace(t, cluster)
  const quota = inNamespace(namespace, 'ResourceQuota', { hard: { 'requests.memory': '79Mi' } })
  expectSuccess(await cluster.create(quota))
  const resources = { requests: { memory: '64Mi' } }
  const containers = [{ name: 'app', image: 'registry.example/app:1', resources }]
  const tryPod = (refresh: string) =>
    cluster.create(
      annotatedPod({
        namespace,
        annotations: { ...filesAndEnv, refresh },
        spec: { containers },
      }),
      { dryRun: true },
    )
  await until(async () =>
    /requested: requests\.memory=80Mi, used: .*, limited: requests\.memory=79Mi/.test(
      (await tryPod('5m')).body.message ?? '',
    ),
  )
  t.ok(expectSuccess(await tryPod('0')), 'an init container counts only beside larger ones')
})

t.test('under a quota of limits.cpu the agent has a limit if the app has one', async (t) => {
  const namespace = await testNamespace(t, cluster)
  const quota = inNamespace(namespace, 'ResourceQuota', { hard: { 'limits.cpu': '1' } })
  expectSuccess(await cluster.create(quota))
  // Quotas take effect a moment after their status says so.
  await until(async () => {
    const { body } = await cluster.create(annotatedPod({ namespace }), { dryRun: true })
    return /must specify limits\.cpu for: akv-injector,app/.test(body.message ?? '')
  })
  const withCpu = (cpu: string) => {
    const resources = { limits: { cpu } }
    const containers = [{ name: 'app', image: 'registry.example/app:1', resources }]
    return annotatedPod({ namespace, spec: { containers } })
  }
  const { body } = expectSuccess(await cluster.create(withCpu('500m'), { dryRun: true }))
  t.equal(agentOf(body as Pod)?.resources?.limits?.['cpu'], '250m')
})

function inNamespace(namespace: string, kind: string, spec: object): KubeObject {
  return { apiVersion: 'v1', kind, metadata: { name: 'test', namespace }, spec }
}
