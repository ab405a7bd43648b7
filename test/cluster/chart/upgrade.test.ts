import t from 'tap'
import { withoutHelm } from '../../manifests/helm.ts'
import { connect, type KubeObject } from '../client/api.ts'
import { openCluster } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { forgetRelease, helmUpgrade } from '../harness/install/helm-upgrade.ts'
import { installObjects } from '../harness/install/install.ts'

const skip = withoutHelm
const cluster = openCluster(t)
const api = connect(process.env['KUBECONFIG'] ?? '')
t.teardown(() => api.close())
const deployment: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'akv-injector-webhook', namespace: 'akv-injector' },
}
const podLabels = async () => {
  const { body } = expectSuccess(await cluster.get(deployment))
  const { template } = body['spec'] as { template: { metadata: { labels: object } } }
  return template.metadata.labels
}

t.test('an upgrade can change all labels but nameOverride', { skip }, async (t) => {
  t.teardown(async () => {
    await forgetRelease(api)
    for (const object of installObjects()) await cluster.apply(object)
  })
  helmUpgrade({})
  t.match(await podLabels(), { 'app.kubernetes.io/instance': 'akv-injector' })
  helmUpgrade({ commonLabels: { team: 'a' }, webhook: { podLabels: { tier: 'b' } } })
  t.match(await podLabels(), { team: 'a', tier: 'b' })
  t.throws(
    () => helmUpgrade({ nameOverride: 'secrets' }),
    /nameOverride can't be changed by an upgrade: the Deployment akv-injector-webhook selects pods by app\.kubernetes\.io\/name=akv-injector/,
  )
  helmUpgrade({})
  t.notMatch(await podLabels(), { team: 'a' })
})
