import t from 'tap'
import type { Answer } from '../client/api.ts'
import { callPatiently } from '../client/call-patiently.ts'
import { testNamespace, until } from '../client/cluster.ts'
import { applyCrds, deleteCrds } from '../client/crds.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { readCsiManifests, secretProviderClassCrd } from '../harness/install/csi-manifests.ts'
import { secretProviderClass } from './harness/classes.ts'
import { csiLabel, csiPod } from './harness/csi-pods.ts'
import { openCsiCluster } from './harness/open-csi-cluster.ts'
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

const sentenceOf = ({ status, body }: Answer): string =>
  status === 201 ? 'admitted' : (body.message ?? '')
const create = () => cluster.create(pod, { dryRun: true })
const refusal = async () => sentenceOf(await callPatiently(create))
/** Without patience, because the API server is to be late. */
const firstRefusal = async () => sentenceOf(await create())
const untilRefusal = (wanted: RegExp): Promise<void> =>
  until(async () => wanted.test(await refusal()))

t.test('a class that isn’t there', async (t) => {
  t.match(
    await refusal(),
    `${subject}: namespace ${namespace} has no such SecretProviderClass; apply it before the pod`,
  )
})

t.test('an API server that says nothing', async (t) => {
  expectSuccess(await cluster.apply(secretProviderClass({ namespace })))
  t.equal(await refusal(), 'admitted')
  const late = `${subject}: cannot be read: the API server did not answer within 2 s; try again`
  // Repeated, because a pause of the machine can let the API server give up first, or make the second look-up late.
  let [silent, back] = ['', '']
  await until(async () => {
    webhook.setSilent(true)
    silent = await firstRefusal()
    webhook.setSilent(false)
    back = await firstRefusal()
    return silent.includes(late) && back === 'admitted'
  }).catch(() => undefined)
  t.match(silent, late)
  t.equal(back, 'admitted', 'and one that is back')
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

t.test('no kind SecretProviderClass in the cluster', async (t) => {
  await deleteCrds(cluster, [secretProviderClassCrd()])
  await untilRefusal(/has no kind/)
  t.match(
    await refusal(),
    `${subject}: this cluster has no kind SecretProviderClass; install its CRD (csi.crd in the chart's values)`,
  )
  await applyCrds(cluster, [secretProviderClassCrd()])
  expectSuccess(await cluster.apply(secretProviderClass({ namespace })))
  await untilRefusal(/^admitted$/)
})
