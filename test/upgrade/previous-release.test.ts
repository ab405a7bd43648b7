import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createReconciler } from '../../certs/reconcile.ts'
import { configVariable, encodeConfig } from '../../delivery/contract.ts'
import { decodeConfig } from '../../delivery/decode-config.ts'
import { fieldManager } from '../../requests/secret/names.ts'
import { readAdmissionReview } from '../../webhook/core/model/admission-review.ts'
import { mutate } from '../../webhook/core/mutate.ts'
import { memoryCluster } from '../certs/harness/memory-cluster.ts'
import { dnsName } from '../certs/harness/simulated-cluster.ts'
import { agentOf, type Pod } from '../cluster/client/pods.ts'
import { startSimulation } from '../sync/harness/simulation.ts'
import { policy } from '../webhook/core/policy.ts'
import { account, accountUid, pods, vault } from './scenes.ts'

/** This release goes on with what the one before has left in a cluster (`record.ts` has written it down). */
const read = (name: string) =>
  readFileSync(join(import.meta.dirname, '../fixtures/previous-release', name), 'utf8')
const recorded: Readonly<Record<string, Pod>> = JSON.parse(read('pods.json'))
const dayMs = 24 * 60 * 60 * 1000

t.test('there is one of each', async (t) => {
  t.strictSame(Object.keys(recorded).sort(), Object.keys(pods).sort())
})

for (const [name, pod] of Object.entries(recorded)) {
  t.test(`${name}: the agent understands the webhook before it`, async (t) => {
    const { value = '' } = (agentOf(pod)?.env ?? []).find(
      (variable) => variable.name === configVariable,
    ) as { value?: string }
    const decoded = decodeConfig(value)
    if (decoded.kind === 'invalid') throw new Error(decoded.problem)
    t.equal(encodeConfig(decoded.value), value, 'all of it')
  })

  t.test(
    `${name}: while replicas are replaced, the second call finds the first one’s work`,
    async (t) => {
      const review = readAdmissionReview({
        apiVersion: 'admission.k8s.io/v1',
        kind: 'AdmissionReview',
        request: {
          ...{ uid: '1', operation: 'CREATE', namespace: 'default', object: pod },
          kind: { group: '', version: 'v1', kind: 'Pod' },
        },
      })
      if (review.kind === 'invalid') throw new Error(review.problem)
      t.strictSame(mutate(review.value, policy), { kind: 'skipped', reason: 'complete' })
    },
  )
}

t.test('the certificates are kept until they are due', async (t) => {
  const { atMs, authority, leaf, bundle } = JSON.parse(read('certificates.json'))
  let nowMs = atMs
  const cluster = memoryCluster(() => nowMs)
  Object.assign(cluster, { authority, leaf, bundles: { 'pods.akv-injector.io': bundle } })
  const changes: string[] = []
  const look = createReconciler({
    cluster,
    dnsName,
    publishAheadMs: 60_000,
    elapsedMs: () => nowMs,
    onChange: ({ kind }) => changes.push(kind),
  })
  for (let day = 0; day < 19; day++) {
    await look()
    nowMs += dayMs
  }
  t.strictSame(changes, [])
  nowMs += 2 * dayMs
  await look()
  t.strictSame(changes, ['issue-leaf'], 'by the same authority')
})

t.test('the Secrets of an account are kept as they are, and go with it', async (t) => {
  const simulation = await startSimulation(t, { yaml: vault })
  const { apiServer } = simulation
  const put = (annotations: Readonly<Record<string, string>>) =>
    apiServer.accounts.put(account.namespace, account.name, annotations)
  put(account.annotations)
  const { objects: accounts } = await simulation.options.cluster.accounts.list(account.namespace)
  const secrets = JSON.parse(read('secrets.json').replaceAll(accountUid, accounts[0]?.uid ?? ''))
  for (const secret of secrets) {
    const path = `${account.namespace}/${secret.metadata.name}`
    apiServer.secrets.create(path, secret, fieldManager)
    // The controller makes its entry in the managed fields one of server-side apply.
    apiServer.secrets.claim(path)
  }
  await simulation.round()
  t.strictSame(simulation.writes(), [])
  t.strictSame(simulation.events(), [])

  const { 'akv-injector.io/sync': _, ...rest } = account.annotations
  put({ ...rest, 'akv-injector.io/sync': '[{ secret: db, data: "password=db-password" }]' })
  await simulation.round()
  t.ok(simulation.writes().includes('DELETE other'), 'known by the record')
  t.strictSame(simulation.values('db'), { password: 'correct horse' })
})
