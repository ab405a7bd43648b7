import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { basename, join } from 'node:path'
import t from 'tap'
import { policy as standardPolicy } from '../../webhook/core/policy.ts'
import type { KubeObject } from '../client/api.ts'
import { openCluster, testNamespace, until } from '../client/cluster.ts'
import { supportsEnv } from '../client/env-support.ts'
import { exampleWithSupportedEnv } from '../client/examples.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { agentOf, annotatedPod, type Pod, plainPod } from '../client/pods.ts'
import { freePorts } from '../harness/free-ports.ts'
import { addEndpoint } from './harness/endpoint.ts'
import { serveWebhook, untilAnswered } from './harness/serve-webhook.ts'

const cluster = openCluster(t)

t.test('the API server sends none of a hundred plain pods to the webhook', async (t) => {
  const namespace = await testNamespace(t, cluster)
  const webhook = await serveWebhook(t, cluster)
  const annotations = { 'akv-injector.example/secrets': 'x', 'sidecar.istio.io/inject': 'true' }
  const pods = Array.from({ length: 100 }, (_, index) =>
    plainPod({}, { namespace, ...(index % 2 && { annotations }) }),
  )
  const answers = await Promise.all(pods.map((pod) => cluster.create(pod)))
  t.strictSame([...new Set(answers.map(({ status }) => status))], [201])
  t.strictSame(webhook.admissions(), [])
  expectSuccess(await cluster.create(annotatedPod({ namespace })))
  t.match(webhook.admissions(), [{ outcome: 'injected', namespace }], 'and an annotated one is')
})

t.test('every example with pods applies, and its pods get an agent', async (t) => {
  await serveWebhook(t, cluster)
  const folder = join(import.meta.dirname, '../../../manifests/examples')
  const names = readdirSync(folder)
    .map((file) => basename(file, '.yaml'))
    .filter((name) => !/^(vault|sync-|csi-volume)/.test(name) && (supportsEnv || name !== 'env'))
  for (const name of names)
    await t.test(name, async (t) => {
      const namespace = await testNamespace(t, cluster)
      const objects = exampleWithSupportedEnv(name).map((object) => ({
        ...object,
        metadata: { ...object.metadata, namespace },
      }))
      for (const object of objects) expectSuccess(await cluster.apply(object))
      // A controller creates the pods of Deployments and Jobs.
      await until(async () => (await podsOf(namespace)).length > 0)
      for (const pod of await podsOf(namespace)) t.ok(agentOf(pod))
    })
})

t.test('a dry run gets the same answer, and creates nothing', async (t) => {
  const namespace = await testNamespace(t, cluster)
  const webhook = await serveWebhook(t, cluster)
  const { body } = expectSuccess(
    await cluster.create(annotatedPod({ namespace }), { dryRun: true }),
  )
  t.ok(agentOf(body as Pod))
  t.match((body as Pod).metadata, {
    labels: { 'akv-injector.io/agent': standardPolicy.versionLabel },
  })
  t.match(webhook.admissions(), [{ outcome: 'injected', dryRun: true }])
  t.strictSame(await podsOf(namespace), [])
})

t.test('an ephemeral debug container gets nothing, and isn’t sent to the webhook', async (t) => {
  const namespace = await testNamespace(t, cluster)
  const webhook = await serveWebhook(t, cluster)
  const { body } = expectSuccess(await cluster.create(annotatedPod({ namespace })))
  const calls = webhook.admissions().length
  const debug = { name: 'debug', image: 'registry.example/debug:1', targetContainerName: 'app' }
  const debugged = expectSuccess(await cluster.debug(body, debug)).body as Pod
  t.match(debugged.spec['ephemeralContainers'], [debug])
  t.notMatch(JSON.stringify(debugged.spec['ephemeralContainers']), /akv|API_KEY/)
  t.equal(webhook.admissions().length, calls)
})

t.test('the agent gets no token for the API server, and the pod is reviewed once', async (t) => {
  const namespace = await testNamespace(t, cluster)
  const webhook = await serveWebhook(t, cluster)
  for (const spec of [{}, { automountServiceAccountToken: false }]) {
    const before = webhook.admissions().length
    const { body } = expectSuccess(
      await cluster.create(annotatedPod({ namespace, spec: { ...plainPod().spec, ...spec } })),
    )
    t.match(webhook.admissions().slice(before), [{ outcome: 'injected' }])
    t.equal(webhook.admissions().length, before + 1, 'as nothing changed after our turn')
    t.notMatch(JSON.stringify(agentOf(body as Pod)), 'kube-api-access')
  }
})

t.test('the client sees warnings', async (t) => {
  await serveWebhook(t, cluster)
  const annotations = { vault: 'team-a', secrets: 'x', refresh: '5m' }
  const spec = { restartPolicy: 'Never' }
  const { warnings } = expectSuccess(
    await cluster.create(annotatedPod({ annotations, spec }), { dryRun: true }),
  )
  t.match(warnings, [/activeDeadlineSeconds/])
})

t.test(
  'while the webhook has no endpoint, annotated pods are refused and others start',
  async (t) => {
    const webhook = await serveWebhook(t, cluster)
    await webhook.close()
    const said = await untilAnswered(cluster, /no endpoints available for service/)
    t.match(said, 'failed calling webhook "pods.akv-injector.io"')
    t.match(said, '"akv-injector-webhook"')
    expectSuccess(await cluster.create(plainPod(), { dryRun: true }))
  },
)

t.test(
  'while the webhook’s port refuses connections, annotated pods are refused and others start',
  async (t) => {
    const [port = 0] = await freePorts(1)
    const endpoint = await addEndpoint(cluster, port)
    t.teardown(() => endpoint.remove())
    t.match(await untilAnswered(cluster, /connection refused/), 'pods.akv-injector.io')
    expectSuccess(await cluster.create(plainPod(), { dryRun: true }))
  },
)

t.test('a webhook that never answers delays a pod by five seconds', async (t) => {
  const sockets: Socket[] = []
  const server = createServer((socket) => void sockets.push(socket)).listen(0, '0.0.0.0')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const endpoint = await addEndpoint(cluster, (server.address() as AddressInfo).port)
  t.teardown(() => endpoint.remove())
  await until(async () => {
    // Until the API server knows the endpoint, it refuses at once.
    await cluster.create(annotatedPod(), { dryRun: true })
    return sockets.length > 0
  })
  const { status, body } = await cluster.create(annotatedPod(), { dryRun: true })
  t.equal(status, 500)
  t.match(
    body.message,
    /failed calling webhook "pods\.akv-injector\.io".*\/mutate\?timeout=5s".*(deadline|[Tt]imeout)/,
  )
  expectSuccess(await cluster.create(plainPod(), { dryRun: true }))
})

async function podsOf(namespace: string): Promise<readonly Pod[]> {
  const any: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace } }
  return (await cluster.list(any)) as readonly Pod[]
}
