import t from 'tap'
import { until } from '../client/cluster.ts'
import { isRunning, openNode } from './harness/open-node.ts'

const node = openNode(t)

t.test('a rotated secret arrives in the file of a running pod', async (t) => {
  const namespace = await node.namespace()
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'rotation',
      namespace,
      labels: { 'azure.workload.identity/use': 'true' },
      annotations: {
        'akv-injector.io/vault': 'team-a',
        'akv-injector.io/secrets': 'rotated=tls-passphrase',
        // The shortest interval allowed.
        'akv-injector.io/refresh': '30s',
      },
    },
    spec: {
      serviceAccountName: 'web',
      containers: [{ name: 'app', image: 'busybox:1.37' }],
    },
  }
  await node.apply(pod)
  await node.untilPod(pod, isRunning)
  const read = () => node.exec(pod, 'app', 'cat', '/mnt/secrets-store/rotated')
  t.equal(await read(), 'new')
  await node.control('/rotate', { vault: 'team-a', name: 'tls-passphrase', value: 'newer' })
  await until(async () => (await read()) === 'newer', 45_000)
  t.pass('it has')
})
