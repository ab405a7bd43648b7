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
  // The first attempt may have failed for another reason: on a busy machine, the webhook may be called too late.
  const refusals = async () =>
    (await cluster.list(events)).filter(
      ({ reason, message }) =>
        reason === 'FailedCreate' && String(message).includes('denied the request'),
    )
  await until(async () => (await refusals()).length > 0)
  t.match(await refusals(), [
    {
      involvedObject: { kind: 'ReplicaSet', name: /^web-/ },
      message:
        /denied the request: akv-injector: 1 problem\nakv-injector\.io\/secretes: unknown annotation; did you mean akv-injector\.io\/secrets\?/,
    },
  ])
})
