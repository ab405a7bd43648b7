import t from 'tap'
import type { KubeObject } from '../client/api.ts'
import { testNamespace, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { readCsiManifests, secretProviderClassCrd } from '../harness/install/csi-manifests.ts'
import { secretProviderClass } from './harness/classes.ts'
import { csiLabel, csiPod } from './harness/csi-pods.ts'
import { openCsiCluster, removeCrd, untilEstablished } from './harness/open-csi-cluster.ts'
import { serveCsiWebhook } from './harness/serve-csi-webhook.ts'

/**
 * Tests what `kubectl` shows if the webhook can't look up a class. Each sentence is the webhook's, so it came within the
 * time that the API server gives a webhook.
 */
const cluster = await openCsiCluster(t)
const webhook = await serveCsiWebhook(t, cluster)
const namespace = await testNamespace(t, cluster, csiLabel)
const pod = csiPod({ namespace })
const subject = 'volume secrets-store, SecretProviderClass azure-kv'

const refusal = async (): Promise<string> => {
  const { status, body } = await cluster.create(pod, { dryRun: true })
  return status === 201 ? 'admitted' : (body.message ?? '')
}
const untilRefusal = (wanted: RegExp): Promise<void> =>
  until(async () => wanted.test(await refusal()))

t.test('a class that isn’t there', async (t) => {
  t.match(
    await refusal(),
    `${subject}: namespace ${namespace} has no such SecretProviderClass; apply it before the pod`,
  )
})

t.test('a volume without a class is refused', async (t) => {
  const [volume] = pod.spec.volumes ?? []
  const csi = { driver: 'secrets-store.csi.k8s.io', readOnly: true }
  const unnamed = { ...pod, spec: { ...pod.spec, volumes: [{ ...volume, csi }] } }
  const { body } = await cluster.create(unnamed as KubeObject, { dryRun: true })
  t.match(body.message, 'names no secretProviderClass in its volumeAttributes')
})

t.test('an API server that says nothing', async (t) => {
  expectSuccess(await cluster.apply(secretProviderClass({ namespace })))
  t.equal(await refusal(), 'admitted')
  webhook.setSilent(true)
  t.match(
    await refusal(),
    `${subject}: cannot be read: the API server did not answer within 2 s; try again`,
  )
  webhook.setSilent(false)
  t.equal(await refusal(), 'admitted', 'and one that is back')
})

t.test('many pods at once, while the API server says nothing', async (t) => {
  webhook.setSilent(true)
  const answers = await Promise.all(Array.from({ length: 24 }, refusal))
  for (const answer of answers) t.match(answer, 'did not answer within 2 s')
  webhook.setSilent(false)
  t.equal(await refusal(), 'admitted')
})

t.test('a webhook without permission to read classes refuses the pod', async (t) => {
  const binding = readCsiManifests('labelled').find(({ kind }) => kind === 'ClusterRoleBinding')
  if (!binding) throw new Error('the manifests have no ClusterRoleBinding')
  await cluster.delete(binding)
  await untilRefusal(/answered 403/)
  t.match(
    await refusal(),
    `${subject}: cannot be read: the API server answered 403 to the webhook (see csi in the chart's values)`,
  )
  expectSuccess(await cluster.apply(binding))
  await untilRefusal(/^admitted$/)
})

t.test('a class that is too large to be read, and one that is almost as large', async (t) => {
  const maxBytes = 512 * 1024
  const withText = (length: number) =>
    secretProviderClass({ namespace, parameters: { objects: 'x'.repeat(length) } })
  for (const [length, sentence] of [
    [maxBytes, /is larger than 524288 bytes/],
    [maxBytes - 4096, /parameters have \d+ characters; accepted: at most 65536/],
  ] as const) {
    expectSuccess(await cluster.apply(withText(length)))
    const message = await refusal()
    t.match(message, subject)
    t.match(message, sentence)
    t.ok(message.length < 4096, 'and the message is short')
  }
})

t.test('a class with hostile parameters', async (t) => {
  const odd = '\u202e\u0000"\n${x}'
  for (const parameters of [
    { keyvaultName: 'evil.example/x?' },
    { keyvaultName: odd },
    { clientID: odd },
    Object.fromEntries(['constructor', '__proto__', 'toString'].map((name) => [name, 'x'])),
    { objects: `array:\n${'  - |\n    objectName: a\n'.repeat(5000)}` },
  ]) {
    const hostile = secretProviderClass({ namespace, parameters })
    if ((await cluster.apply(hostile)).status >= 300) continue
    const message = await refusal()
    t.notMatch(message, /failed calling webhook/)
    for (const character of ['\u202e', '\u0000']) t.notOk(message.includes(character))
  }
})

t.test('no kind SecretProviderClass in the cluster', async (t) => {
  await removeCrd(cluster)
  await untilRefusal(/has no kind/)
  t.match(
    await refusal(),
    `${subject}: this cluster has no kind SecretProviderClass; install its CRD (csi.crd in the chart's values)`,
  )
  expectSuccess(await cluster.apply(secretProviderClassCrd()))
  await untilEstablished(cluster, secretProviderClassCrd())
  await until(async () => (await cluster.apply(secretProviderClass({ namespace }))).status < 300)
  await untilRefusal(/^admitted$/)
})
