import t from 'tap'
import { until } from '../client/cluster.ts'
import { appPod, mountPath, shell } from './harness/app-pod.ts'
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

/** Answers the agent's requests, and notes which value the file has then. */
const noteChanges = `while printf 'HTTP/1.1 204 No Content\\r\\n\\r\\n' | nc -l -p 9000 >/dev/null; do
  cat ${mountPath}/announced >>/tmp/seen
  echo >>/tmp/seen
done`

t.test('an app is notified of a change after its file has changed', async (t) => {
  const namespace = await node.namespace()
  const pod = appPod({
    namespace,
    name: 'notified',
    annotations: {
      secrets: 'announced',
      refresh: '30s',
      notify: 'http://127.0.0.1:9000/changed',
    },
    app: shell(noteChanges),
  })
  await node.apply(pod)
  await node.untilPod(pod, isRunning)
  const seen = () => node.exec(pod, 'app', 'sh', '-c', 'touch /tmp/seen; cat /tmp/seen')
  t.equal(await seen(), '', 'the first fetch is no change')
  await node.control('/rotate', { vault: 'team-a', name: 'announced', value: 'second' })
  let values = ''
  await until(async () => {
    values = await seen()
    return values.endsWith('\n')
  }, 45_000)
  // The agent repeats a notification that a busy machine doesn't answer in time.
  t.match(values, /^(second\n)+$/)
})
