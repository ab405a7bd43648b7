import t, { type Test } from 'tap'
import { until } from '../client/cluster.ts'
import { envIfSupported } from '../client/env-support.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { appPod } from './harness/app-pod.ts'
import { type ContainerMemory, containerMemory } from './harness/container-memory.ts'
import { agentStatus, isWaiting } from './harness/containers.ts'
import { isRunning, openNode, podTimeoutMs, type RunningPod } from './harness/open-node.ts'

/** Measures the memory that the kernel charges to our containers. docs/performance.md has the printed figures. */
const node = openNode(t)
const namespace = await node.namespace()
const pods = ['first', 'second'].map((name) =>
  appPod({
    namespace,
    name,
    annotations: {
      secrets:
        'db-password, api-key, app-config, db, registry, tls-passphrase, tls/web-tls, key/signing',
      ...envIfSupported('DB_PASSWORD=db-password'),
      refresh: '24h',
    },
  }),
)

t.test('an agent that waits for its next refresh stays within its memory request', async (t) => {
  for (const pod of pods) {
    await node.apply(pod)
    const agent = agentStatus(await node.untilPod(pod, isRunning))
    if (!agent) throw new Error('the pod has no agent')
    await until(async () => isWaiting(node, agent), podTimeoutMs)
    staysWithin(t, 16, {
      name: `agent of the ${pod.metadata.name} pod`,
      memory: containerMemory(node, agent),
    })
  }
})

t.test(
  'the webhook after 500 admissions and the certificate controller stay within their memory requests',
  async (t) => {
    const [pod] = pods
    const again = { ...pod, metadata: { ...pod?.metadata, name: 'again' } } as RunningPod
    const some = async () => {
      for (let i = 0; i < 100; i++) expectSuccess(await node.create(again, { dryRun: true }))
    }
    await Promise.all([some(), some(), some(), some(), some()])
    const ours = await node.cluster.list({ ...again, metadata: { namespace: 'akv-injector' } })
    for (const pod of ours as unknown as readonly RunningPod[]) {
      const [status] = pod.status.containerStatuses ?? []
      if (!status) throw new Error(`${pod.metadata.name} doesn’t run`)
      staysWithin(t, 128, {
        name: String(pod.metadata.name),
        memory: containerMemory(node, status),
      })
    }
  },
)

function staysWithin(
  t: Test,
  requestMiB: number,
  { name, memory }: { readonly name: string; readonly memory: ContainerMemory },
): void {
  const { anon, file, kernel, peak } = memory
  const inMiB = (bytes: number) => (bytes / 1024 / 1024).toFixed(1)
  t.comment(
    `${name}: anon ${inMiB(anon)}, file ${inMiB(file)}, kernel ${inMiB(kernel)}, peak of all ${inMiB(peak)} MiB`,
  )
  t.ok(anon + kernel <= requestMiB * 1024 * 1024, `${name}: ${requestMiB} MiB`)
}
