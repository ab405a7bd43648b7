import t, { type Test } from 'tap'
import { callPatiently } from '../client/call-patiently.ts'
import { testNamespace } from '../client/cluster.ts'
import { envIfSupported, supportsEnv } from '../client/env-support.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { agentOf, filesAndEnv, type Pod } from '../client/pods.ts'
import { serveOtherWebhook } from '../webhook/harness/other-webhook.ts'
import { addWorkloadIdentity } from '../webhook/harness/workload-identity.ts'
import { clientId, secretProviderClass, tenantId } from './harness/classes.ts'
import { csiLabel, csiPod } from './harness/csi-pods.ts'
import { openCsiCluster } from './harness/open-csi-cluster.ts'
import { serveCsiWebhook } from './harness/serve-csi-webhook.ts'

/** Tests pods with volumes of the Secrets Store CSI Driver, in labelled namespaces, on a cluster without the driver. */
const cluster = await openCsiCluster(t)
const webhook = await serveCsiWebhook(t, cluster)

async function namespaceWithClass(
  t: Test,
  labels: Readonly<Record<string, string>> = csiLabel,
): Promise<string> {
  const namespace = await testNamespace(t, cluster, labels)
  expectSuccess(await cluster.apply(secretProviderClass({ namespace })))
  return namespace
}
/** @param beforeTry - called before each try, because a webhook may have counted the earlier ones */
const tryToCreate = (pod: Pod, beforeTry = () => {}) =>
  callPatiently(() => {
    beforeTry()
    return cluster.create(pod, { dryRun: true })
  })
const create = async (pod: Pod, beforeTry?: () => void): Promise<Pod> =>
  expectSuccess(await tryToCreate(pod, beforeTry)).body as Pod

const configOf = (pod: Pod) => {
  const variable = agentOf(pod)?.env?.find(({ name }) => name === 'AKV_INJECTOR_CONFIG')
  return JSON.parse((variable as { value?: string } | undefined)?.value ?? '{}')
}
/** The files of the annotations need another folder than the volume's. */
const annotations = { ...filesAndEnv, 'mount-path': '/mnt/own' }
const servedVolume = { name: 'secrets-store', emptyDir: { medium: 'Memory' } }
const mountsOf = (pod: Pod, at = 0) =>
  pod.spec.containers[at]?.volumeMounts?.filter(({ name }) => name === 'secrets-store')

t.test('a pod as its users write it gets an agent and a volume of the same name', async (t) => {
  const pod = await create(csiPod({ namespace: await namespaceWithClass(t) }))
  t.match(pod.spec.volumes, [servedVolume])
  t.strictSame(mountsOf(pod), [
    { name: 'secrets-store', mountPath: '/mnt/secrets-store', readOnly: true },
  ])
  t.match(configOf(pod), {
    volumes: [{ name: 'secrets-store', class: 'azure-kv' }],
    identity: { clientId, tenantId },
  })
  t.equal(pod.metadata['annotations'], undefined)
})

t.test('annotations and volumes of the driver are served by one agent', async (t) => {
  const namespace = await namespaceWithClass(t)
  const pod = await create(csiPod({ namespace, annotations }))
  t.equal(pod.spec.initContainers?.length, 1)
  t.match(pod.spec.volumes, [servedVolume])
  t.ok(pod.spec.volumes?.some(({ name }) => name === 'akv-injector-files'))
})

t.test('in a namespace without the label, the volume is left to the driver', async (t) => {
  const namespace = await namespaceWithClass(t, {})
  const wanted = csiPod({ namespace })
  const pod = await create(wanted)
  t.match(pod.spec.volumes, wanted.spec.volumes)
  t.equal(agentOf(pod), undefined)

  const annotated = await create(csiPod({ namespace, annotations }))
  t.match(annotated.spec.volumes, wanted.spec.volumes, 'also of an annotated pod')
  t.ok(agentOf(annotated))
})

t.test('the driver’s own pods are not touched', async (t) => {
  const namespace = await testNamespace(t, cluster)
  const spec = {
    hostNetwork: true,
    containers: [
      {
        name: 'secrets-store',
        image: 'registry.example/driver:1',
        securityContext: { privileged: true },
        volumeMounts: [{ name: 'plugin', mountPath: '/csi' }],
      },
    ],
    volumes: [{ name: 'plugin', hostPath: { path: '/var/lib/kubelet/plugins/csi-secrets-store' } }],
  }
  const before = webhook.admissions().length
  const pod = await create(csiPod({ namespace, spec }))
  t.match(pod.spec, spec)
  t.equal(webhook.admissions().length, before)
})

t.test('called again after azure-workload-identity, the webhook puts back its work', async (t) => {
  const namespace = await namespaceWithClass(t)
  const other = await serveOtherWebhook(t, cluster, {
    name: 'azure-wi-webhook-mutating-webhook-configuration',
    namespace,
    change: addWorkloadIdentity,
  })
  const counts = () => ({ own: webhook.admissions().length, others: other.calls() })
  let before = counts()
  const pod = await create(
    csiPod({ namespace, annotations: { ...envIfSupported('API_KEY=api-key'), vault: 'team-a' } }),
    () => {
      before = counts()
    },
  )
  t.match(pod.spec.volumes, [servedVolume])
  t.match(mountsOf(pod), [{ readOnly: true }])
  if (supportsEnv)
    t.match(pod.spec.containers[0]?.env, [
      { name: 'API_KEY', valueFrom: { fileKeyRef: { key: 'API_KEY' } } },
    ])
  t.ok(agentOf(pod)?.env?.some(({ name }) => name === 'AZURE_CLIENT_ID'))
  t.strictSame(counts(), { own: before.own + 2, others: before.others + 2 })
})

t.test('a class that names no client is served with azure-workload-identity’s label', async (t) => {
  const namespace = await namespaceWithClass(t)
  const anonymous = secretProviderClass({ namespace, parameters: { clientID: '' } })
  expectSuccess(await cluster.apply(anonymous))
  const { status, body } = await tryToCreate(csiPod({ namespace }))
  t.not(status, 201)
  t.match(
    body.message,
    'kubectl annotate serviceaccount default azure.workload.identity/client-id=',
  )

  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name: 'web',
      namespace,
      annotations: { 'azure.workload.identity/client-id': clientId },
    },
  }
  expectSuccess(await cluster.create(account))
  const plain = csiPod({ namespace })
  const ofAccount = { ...plain, spec: { ...plain.spec, serviceAccountName: 'web' } }
  t.match(configOf(await create(ofAccount)), { identity: { clientId } }, 'or with its annotation')

  const labels = { 'azure.workload.identity/use': 'true' }
  await serveOtherWebhook(t, cluster, { name: 'azure-wi', namespace, change: addWorkloadIdentity })
  const labelled = await create({ ...plain, metadata: { ...plain.metadata, labels } })
  t.ok(agentOf(labelled)?.env?.some(({ name }) => name === 'AZURE_CLIENT_ID'))
})

t.test('a mount that a later webhook adds is sealed', async (t) => {
  const namespace = await namespaceWithClass(t)
  await serveOtherWebhook(t, cluster, { name: 'zzz-mounts', namespace, change: addContainer })
  let before = 0
  const pod = await create(csiPod({ namespace }), () => {
    before = webhook.admissions().length
  })
  t.match(mountsOf(pod, 1), [{ mountPath: '/added', readOnly: true }])
  t.match(mountsOf(pod), [{ readOnly: true }])
  t.strictSame(
    webhook
      .admissions()
      .slice(before)
      .map(({ outcome }) => outcome),
    ['injected', 'injected'],
  )
})

function addContainer(pod: Pod): Pod {
  const { containers } = pod.spec
  if (containers.some(({ name }) => name === 'added')) return pod
  const volumeMounts = [{ name: 'secrets-store', mountPath: '/added' }]
  const added = { name: 'added', image: 'registry.example/added:1', volumeMounts }
  return { ...pod, spec: { ...pod.spec, containers: [...containers, added] } }
}
