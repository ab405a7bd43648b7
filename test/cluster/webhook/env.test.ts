import t from 'tap'
import { policy } from '../../webhook/core/policy.ts'
import { openCluster } from '../client/cluster.ts'
import { kubernetesMinor, supportsEnv } from '../client/env-support.ts'
import { annotatedPod, type Pod } from '../client/pods.ts'
import { serveWebhook } from './harness/serve-webhook.ts'

/** Tests that no pod starts without its variables, whatever the version of Kubernetes. */
const cluster = openCluster(t)
const annotations = { vault: 'team-a', secrets: 'db-password', env: 'API_KEY=api-key' }
const create = () => cluster.create(annotatedPod({ annotations }), { dryRun: true })

const title = supportsEnv
  ? 'a pod gets its variables'
  : 'env is refused, and the message names the versions'
t.test(title, async (t) => {
  await serveWebhook(t, cluster)
  const { status, body } = await create()
  if (supportsEnv)
    t.match((body as Pod).spec.containers[0]?.env, [
      { name: 'API_KEY', valueFrom: { fileKeyRef: { key: 'API_KEY' } } },
    ])
  else {
    t.not(status, 201)
    t.match(body.message, `needs Kubernetes 1.35 or later, but pods run on 1.${kubernetesMinor}`)
  }
})

t.test('a webhook that expects another version never loses variables', async (t) => {
  const other = supportsEnv ? 34 : 35
  await serveWebhook(t, cluster, { policy: { ...policy, kubernetesMinor: other } })
  const { status, body } = await create()
  t.not(status, 201)
  t.match(
    body.message,
    supportsEnv ? /needs Kubernetes 1\.35/ : /env\[0\]\.valueFrom.*must specify one of/,
  )
})
