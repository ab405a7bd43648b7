import t from 'tap'
import { openCluster, testNamespace, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { plainPod, prefixed } from '../client/pods.ts'
import { serveWebhook } from './harness/serve-webhook.ts'

const cluster = openCluster(t)

t.test('the event of a Deployment’s ReplicaSet has the refusal of its pods', async (t) => {
  const namespace = await testNamespace(t, cluster)
  await serveWebhook(t, cluster)
  const labels = { app: 'web' }
  const annotations = prefixed({ vault: 'team-a', secretes: 'db-password' })
  const { spec } = plainPod()
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels, annotations }, spec },
    },
  }
  expectSuccess(await cluster.create(deployment))
  const events = { apiVersion: 'v1', kind: 'Event', metadata: { namespace } }
  const failures = async () =>
    (await cluster.list(events)).filter(({ reason }) => reason === 'FailedCreate')
  await until(async () => (await failures()).length > 0)
  t.match(await failures(), [
    {
      involvedObject: { kind: 'ReplicaSet', name: /^web-/ },
      message:
        /denied the request: akv-injector: 1 problem\nakv-injector\.io\/secretes: unknown annotation; did you mean akv-injector\.io\/secrets\?/,
    },
  ])
})
