import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createReconciler } from '../../certs/reconcile.ts'
import { readAdmissionReview } from '../../webhook/core/model/admission-review.ts'
import { mutate } from '../../webhook/core/mutate.ts'
import { memoryCluster } from '../certs/harness/memory-cluster.ts'
import { dnsName } from '../certs/harness/simulated-cluster.ts'
import { startSimulation } from '../sync/harness/simulation.ts'
import { patchedPod } from '../webhook/core/patched-pod.ts'
import { policy } from '../webhook/core/policy.ts'
import { account, accountUid, pods, vault } from './scenes.ts'

/**
 * `npx tap test/upgrade/record.ts`, when a release has been made: writes down what it leaves in clusters, so that the
 * next one is tested to go on with it (`previous-release.test.ts`).
 */
const folder = join(import.meta.dirname, '../fixtures/previous-release')
mkdirSync(folder, { recursive: true })
const write = (name: string, value: unknown) =>
  writeFileSync(join(folder, name), `${JSON.stringify(value, null, 2)}\n`)

t.test('pods as the webhook makes them', async () => {
  write(
    'pods.json',
    Object.fromEntries(Object.entries(pods).map(([name, pod]) => [name, injected(pod)])),
  )
})

function injected(pod: object): object {
  const request = {
    uid: '1',
    operation: 'CREATE',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    object: pod,
  }
  const review = readAdmissionReview({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { ...request, namespace: 'default', dryRun: false },
  })
  if (review.kind === 'invalid') throw new Error(review.problem)
  const outcome = mutate(review.value, policy)
  if (outcome.kind !== 'injected') throw new Error(JSON.stringify(outcome))
  return patchedPod(pod, outcome)
}

t.test('the serving certificate and its authority', async () => {
  let nowMs = Date.parse('2026-06-01T12:00:00Z')
  const cluster = memoryCluster(() => nowMs)
  const look = createReconciler({
    cluster,
    dnsName,
    publishAheadMs: 60_000,
    elapsedMs: () => nowMs,
    onChange: () => undefined,
  })
  for (let minute = 0; minute < 10; minute++) {
    await look()
    nowMs += 60_000
  }
  const { authority, leaf, bundles } = cluster
  const [bundle] = Object.values(bundles ?? {})
  write('certificates.json', { atMs: nowMs, authority, leaf, bundle })
})

t.test('the Secrets of an account, as they are created', async (t) => {
  const simulation = await startSimulation(t, { yaml: vault })
  simulation.apiServer.accounts.put(account.namespace, account.name, account.annotations)
  await simulation.round()
  const made = simulation.apiServer.requests.flatMap(({ method, path, body }) =>
    method === 'POST' && path.endsWith('/secrets') ? [body] : [],
  )
  const owned = /("kind":"ServiceAccount","name":"web","uid":")[^"]+/g
  write('secrets.json', JSON.parse(JSON.stringify(made).replace(owned, `$1${accountUid}`)))
})
