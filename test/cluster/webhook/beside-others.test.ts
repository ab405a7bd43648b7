import t, { type Test } from 'tap'
import { openCluster, testNamespace } from '../client/cluster.ts'
import { supportsEnv } from '../client/env-support.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { agentOf, annotatedPod, type Container, type Pod } from '../client/pods.ts'
import { serveOtherWebhook } from './harness/other-webhook.ts'
import { serveWebhook } from './harness/serve-webhook.ts'
import { addWorkloadIdentity } from './harness/workload-identity.ts'

/** Tests with other vendors' mutating webhooks. They are called in the order of their names; ours is `zz-akv-injector`. */
const cluster = openCluster(t)
const webhook = await serveWebhook(t, cluster)

const filesOnly = { vault: 'team-a', secrets: 'db-password' }

t.test(
  'with azure-workload-identity called first, the pod has the changes of both webhooks',
  async (t) => {
    const namespace = await testNamespace(t, cluster)
    const other = await serveOtherWebhook(t, cluster, {
      name: 'azure-wi-webhook-mutating-webhook-configuration',
      namespace,
      change: addWorkloadIdentity,
    })
    const before = webhook.admissions().length
    const pod = expectSuccess(await cluster.create(annotatedPod({ namespace }), { dryRun: true }))
      .body as Pod
    const [app] = pod.spec.containers
    const identity = { name: 'AZURE_CLIENT_ID' }
    const apiKey = { name: 'API_KEY', valueFrom: { fileKeyRef: { key: 'API_KEY' } } }
    t.match(app?.env, supportsEnv ? [apiKey, identity] : [identity])
    const agent = agentOf(pod)
    for (const name of ['AKV_INJECTOR_CONFIG', 'AZURE_CLIENT_ID', 'AZURE_TENANT_ID'])
      t.ok(
        agent?.env?.some((variable) => variable.name === name),
        `the agent has ${name}`,
      )
    t.equal(other.calls(), 2, 'it comes back to our agent')
    t.equal(webhook.admissions().length - before, 2, 'and we put back what that took away')
    noDuplicates(t, pod)
  },
)

t.test(
  'with azure-workload-identity called last, files work, and env is refused rather than lost',
  async (t) => {
    const namespace = await testNamespace(t, cluster)
    await serveOtherWebhook(t, cluster, {
      name: 'zzz-azure-wi',
      namespace,
      change: addWorkloadIdentity,
    })
    const files = annotatedPod({ namespace, annotations: filesOnly })
    noDuplicates(t, expectSuccess(await cluster.create(files, { dryRun: true })).body as Pod)

    const annotations = { ...filesOnly, env: 'API_KEY=api-key' }
    const withEnv = annotatedPod({ namespace, annotations })
    const { status, body } = await cluster.create(withEnv, { dryRun: true })
    t.equal(status, supportsEnv ? 422 : 400)
    t.match(
      body.message,
      supportsEnv
        ? /env\[0\]\.valueFrom: Invalid value.*must specify one of/
        : /needs Kubernetes 1\.35/,
    )
  },
)

t.test('a container that a webhook adds before our call sees the files', async (t) => {
  const namespace = await testNamespace(t, cluster)
  await serveOtherWebhook(t, cluster, { name: 'aa-adds', namespace, change: addContainer })
  const pod = expectSuccess(await cluster.create(annotatedPod({ namespace }), { dryRun: true }))
    .body as Pod
  t.match(pod.spec.containers.map(mountsOfOurs), [1, 1])
  noDuplicates(t, pod)
})

t.test(
  'a container that a webhook adds after our call gets nothing, and we add nothing twice',
  async (t) => {
    const namespace = await testNamespace(t, cluster)
    const before = webhook.admissions().length
    await serveOtherWebhook(t, cluster, { name: 'zzz-adds', namespace, change: addContainer })
    const pod = expectSuccess(await cluster.create(annotatedPod({ namespace }), { dryRun: true }))
      .body as Pod
    t.match(pod.spec.containers.map(mountsOfOurs), [1, 0])
    t.match(webhook.admissions().slice(before), [
      { outcome: 'injected' },
      { outcome: 'skipped', reason: 'complete' },
    ])
    noDuplicates(t, pod)
  },
)

for (const name of ['aa-rewrites-images', 'zzz-rewrites-images'])
  t.test(
    `a webhook ${name} that rewrites images also rewrites the agent’s, and we keep that`,
    async (t) => {
      const namespace = await testNamespace(t, cluster)
      await serveOtherWebhook(t, cluster, { name, namespace, change: rewriteImages })
      const { body } = expectSuccess(
        await cluster.create(annotatedPod({ namespace }), { dryRun: true }),
      )
      const pod = body as Pod
      const { containers, initContainers = [] } = pod.spec
      for (const { image } of [...initContainers, ...containers])
        t.match(image, /^mirror\.example\//)
      noDuplicates(t, pod)
    },
  )

t.test('we add our volume and mounts again if a webhook removes them', async (t) => {
  const namespace = await testNamespace(t, cluster)
  await serveOtherWebhook(t, cluster, { name: 'aa-takes', namespace, change: takeOurs })
  const pod = expectSuccess(await cluster.create(annotatedPod({ namespace }), { dryRun: true }))
    .body as Pod
  t.match(pod.spec.containers.map(mountsOfOurs), [1])
  noDuplicates(t, pod)
})

function addContainer(pod: Pod): Pod {
  const { containers } = pod.spec
  if (containers.some(({ name }) => name === 'added')) return pod
  const added = { name: 'added', image: 'registry.example/added:1' }
  return { ...pod, spec: { ...pod.spec, containers: [...containers, added] } }
}

function rewriteImages(pod: Pod): Pod {
  const rewrite = ({ image, ...rest }: Container) => ({
    ...rest,
    image: image.replace(/^registry\.example\//, 'mirror.example/'),
  })
  const { containers, initContainers } = pod.spec
  return {
    ...pod,
    spec: {
      ...pod.spec,
      containers: containers.map(rewrite),
      ...(initContainers && { initContainers: initContainers.map(rewrite) }),
    },
  }
}

function takeOurs(pod: Pod): Pod {
  const isOurs = ({ name }: { readonly name: string }) => name === 'akv-injector-files'
  const without = ({ volumeMounts = [], ...rest }: Container) => ({
    ...rest,
    volumeMounts: volumeMounts.filter((mount) => !isOurs(mount)),
  })
  const { containers, volumes = [] } = pod.spec
  return {
    ...pod,
    spec: {
      ...pod.spec,
      containers: containers.map(without),
      volumes: volumes.filter((volume) => !isOurs(volume)),
    },
  }
}

const mountsOfOurs = ({ volumeMounts = [] }: Container): number =>
  volumeMounts.filter(({ name }) => name === 'akv-injector-files').length

function noDuplicates(t: Test, { spec }: Pod): void {
  const { containers, initContainers = [], volumes = [] } = spec
  const all = [...initContainers, ...containers]
  const lists = [all, volumes, ...all.map(({ env = [] }) => env)]
  const names = lists.map((list) => list.map(({ name }) => name))
  t.strictSame(
    names,
    names.map((list) => [...new Set(list)]),
    'no duplicate names',
  )
  const paths = all.map(({ volumeMounts = [] }) => volumeMounts.map(({ mountPath }) => mountPath))
  t.strictSame(
    paths,
    paths.map((list) => [...new Set(list)]),
    'no duplicate mounts',
  )
}
