import t from 'tap'
import { issueLeaf } from '../../../../certs/issue.ts'
import { issueTestAuthority } from '../../../support/issue-test-authority.ts'
import type { Answer, KubeObject } from '../../client/api.ts'
import { until } from '../../client/cluster.ts'
import { expectSuccess } from '../../client/expect-success.ts'
import { agentOf, type Pod } from '../../client/pods.ts'
import {
  installObjects,
  publishAuthority,
  webhookConfiguration,
} from '../../harness/install/install.ts'
import { appPod, mountPath, password } from '../harness/app-pod.ts'
import { deploymentOf, expectFailedCreate } from '../harness/deployments.ts'
import { openDrills } from '../harness/explain.ts'
import { isRunning, openNode, podTimeoutMs } from '../harness/open-node.ts'

/** Tests what `kubectl describe` shows while the webhook, its certificate or its configuration fails, and the recovery. */
const node = openNode(t)
const explain = await openDrills(t, 'outages/webhook-outage.test.ts')
const namespace = await node.namespace()
const annotated = (name: string) => appPod({ namespace, name })
const failed = 'failed calling webhook "pods.akv-injector.io"'
const noEndpoints = 'no endpoints available for service "akv-injector-webhook"'
/** The kubelet takes more than a minute to update the volume with the certificate in the webhook's pods. */
const recoveryTimeoutMs = 240_000

const scale = (component: 'webhook' | 'certs', replicas: number) =>
  node.kubectl(
    ...['scale', 'deployment', `akv-injector-${component}`, '--namespace=akv-injector'],
    `--replicas=${replicas}`,
  )
const untilGone = (component: string) =>
  until(async () => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'akv-injector' } }
    const label = `app.kubernetes.io/component=${component}`
    return (await node.cluster.list(pod, label)).length === 0
  }, podTimeoutMs)
/** The API server notices a changed configuration after a moment. */
const untilAnswered = (isSo: (answer: Answer) => boolean) =>
  until(
    async () => isSo(await node.cluster.create(annotated('probe'), { dryRun: true })),
    recoveryTimeoutMs,
  )
const untilRefused = (because: RegExp) =>
  untilAnswered(({ body }) => because.test(body.message ?? ''))
/** Resolves when annotated pods get their agent. */
const untilInjected = () =>
  untilAnswered(({ status, body }) => status < 300 && agentOf(body as Pod) !== undefined)

const services = installObjects().filter(({ kind }) => kind === 'Service')
/** Another tool's webhook, whose Service nobody has created. */
const stranger: KubeObject = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name: 'stranger' },
  webhooks: [
    {
      name: 'inject.example.com',
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      failurePolicy: 'Fail',
      clientConfig: { service: { namespace, name: 'absent' } },
      rules: [
        { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] },
      ],
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    },
  ],
}

// Even if a test fails, the other test files find a working webhook.
t.teardown(async () => {
  await node.cluster.delete(stranger)
  await scale('webhook', 2)
  await scale('certs', 1)
  for (const object of [...services, webhookConfiguration()]) await node.cluster.apply(object)
  await untilInjected()
})

t.test(
  'while no replica runs, annotated pods wait, others start, and then all start',
  async (t) => {
    await scale('webhook', 0)
    await untilGone('webhook')
    const deployment = deploymentOf(annotated('waiting'), 'waiting')
    const startMs = performance.now()
    await expectFailedCreate(t, node, { deployment, words: [failed, noEndpoints] })
    await explain(t, t.name, 'cluster')

    const plain = { ...annotated('plain'), metadata: { namespace, name: 'plain' } }
    await node.apply(plain)
    await node.untilPod(plain, isRunning)

    await scale('webhook', 2)
    await untilInjected()
    // Between attempts, the ReplicaSet waits for as long as it has waited so far.
    const outageMs = performance.now() - startMs
    const pods = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace } }
    const isCreated = async () => (await node.cluster.list(pods, 'app=waiting')).length > 0
    await until(isCreated, outageMs + podTimeoutMs)
    const [pod] = await node.pods({ namespace, selector: 'app=waiting', count: 1 })
    await node.untilPod(pod, isRunning)
    t.equal(await node.exec(pod, 'app', 'cat', `${mountPath}/db-password`), password)
  },
)

t.test(
  'without the webhook configuration, pods start without an agent and with a warning until it is applied again',
  async (t) => {
    await node.cluster.delete(webhookConfiguration())
    await untilAnswered(({ status, body }) => status < 300 && agentOf(body as Pod) === undefined)
    const { warnings } = await node.cluster.create(annotated('bare'), { dryRun: true })
    t.match(warnings.join(), 'akv-injector.io annotations but no agent')
    await explain(t, t.name, 'cluster')

    expectSuccess(await node.cluster.apply(webhookConfiguration()))
    await untilInjected()
  },
)

t.test('with a narrowed selector, pods start without an agent until it is put back', async (t) => {
  const path = '/webhooks/0/namespaceSelector/matchLabels'
  const patch = (operation: object) =>
    node.kubectl(
      ...['patch', 'mutatingwebhookconfiguration', `${webhookConfiguration().metadata.name}`],
      ...['--type=json', `--patch=${JSON.stringify([operation])}`],
    )
  await patch({ op: 'add', path, value: { team: 'other' } })
  await untilAnswered(({ status, body }) => status < 300 && agentOf(body as Pod) === undefined)
  const deployment = deploymentOf(annotated('narrowed'), 'narrowed')
  await node.apply(deployment)
  await explain(t, t.name, 'cluster')
  await node.cluster.delete(deployment)
  await patch({ op: 'remove', path })
  await untilInjected()
})

t.test('a stranger’s webhook that is down keeps annotated pods from being created', async (t) => {
  expectSuccess(await node.cluster.apply(stranger))
  await untilRefused(/inject\.example\.com/)
  const deployment = deploymentOf(annotated('stranded'), 'stranded')
  const words = ['failed calling webhook "inject.example.com"']
  await expectFailedCreate(t, node, { deployment, words })
  await explain(t, t.name, 'cluster')
  await node.cluster.delete(deployment)
  await node.cluster.delete(stranger)
  await untilInjected()
})

t.test('a deleted Service is named although connections stay open', async (t) => {
  for (const service of services) expectSuccess(await node.cluster.delete(service))
  await explain(t, t.name, 'cluster')
  for (const service of services) expectSuccess(await node.cluster.apply(service))
  await untilInjected()
})

t.test('a certificate that the API server doesn’t trust, or that has expired', async (t) => {
  await scale('certs', 0)
  await untilGone('certs')

  await t.test('a certificate of another authority', async (t) => {
    const other = await issueTestAuthority('another')
    await publishAuthority(node.cluster, other.certificatePem)
    await untilRefused(/unknown authority/)
    const deployment = deploymentOf(annotated('untrusted'), 'untrusted')
    const words = [failed, 'certificate signed by unknown authority']
    await expectFailedCreate(t, node, { deployment, words })
    await explain(t, t.name, 'cluster')
  })

  await t.test('an expired certificate', async (t) => {
    await scale('webhook', 0)
    await untilGone('webhook')
    await putExpiredCertificate()
    await scale('webhook', 2)
    await until(
      async () => /serving certificate.*expired/.test(await webhookLogs()),
      recoveryTimeoutMs,
    )
    const deployment = deploymentOf(annotated('expired'), 'expired')
    await expectFailedCreate(t, node, { deployment, words: [noEndpoints] })
    await explain(t, t.name, 'cluster')
  })

  await t.test('the controller issues and publishes a valid certificate', async (t) => {
    await scale('certs', 1)
    await untilInjected()
    t.match(await certsLogs(), /issued a new serving certificate/)
    await explain(t, t.name, 'cluster')
  })
})

/** Returns this field of each pod of a component, or nothing while one of them hasn't started. */
const logsOf = (component: string) => () =>
  node
    .kubectl(
      ...['logs', '--namespace=akv-injector', '--tail=-1'],
      `--selector=app.kubernetes.io/component=${component}`,
    )
    .catch(() => '')
const webhookLogs = logsOf('webhook')
const certsLogs = logsOf('certs')

/** Writes a certificate as if the controller had not run for months. */
async function putExpiredCertificate(): Promise<void> {
  const secret = (name: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: 'akv-injector', name },
  })
  const { body } = expectSuccess(await node.cluster.get(secret('akv-injector-ca')))
  const data = body['data'] as Readonly<Record<string, string>>
  const pem = (key: string) => Buffer.from(data[key] ?? '', 'base64').toString()
  const dayMs = 24 * 60 * 60 * 1000
  const leaf = await issueLeaf({
    authority: { certificatePem: pem('tls.crt'), keyPem: pem('tls.key') },
    commonName: 'akv-injector',
    dnsNames: ['akv-injector-webhook.akv-injector.svc'],
    ipAddresses: [],
    now: new Date(Date.now() - 60 * dayMs),
    lifetimeDays: 30,
  })
  const values = { 'tls.crt': leaf.certificatePem, 'tls.key': leaf.keyPem }
  expectSuccess(
    await node.cluster.apply({
      ...secret('akv-injector-webhook-tls'),
      data: Object.fromEntries(
        Object.entries(values).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
      ),
    }),
  )
}
