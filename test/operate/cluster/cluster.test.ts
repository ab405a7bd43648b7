import { setImmediate as turn } from 'node:timers/promises'
import type { Test } from 'tap'
import t from 'tap'
import { valueAt } from '../../../lib/shape.ts'
import { listAll } from '../../../operate/cluster/list-all.ts'
import { openCluster } from '../../../operate/cluster/open-cluster.ts'
import { createLogReader } from '../../../operate/cluster/pods/agent-log.ts'
import { readAgentPod } from '../../../operate/cluster/pods/agent-pod.ts'
import { askAgents } from '../../../operate/cluster/pods/ask-agents.ts'
import { createLinesReader } from '../../../operate/cluster/pods/log-lines.ts'
import { failure } from '../../support/api-server/api-answer.ts'
import { startApiServer } from '../../support/api-server/start-api-server.ts'
import { type InjectedPod, injectedPod } from '../../support/injected-pods/injected-pod.ts'

const pods = { kind: 'Pod', api: 'api/v1', resource: 'pods' }

async function open(t: Test, options: { readonly allNamespaces?: boolean } = {}) {
  const server = await startApiServer(t)
  const put = (pod: InjectedPod) => {
    const { namespace, name } = pod.metadata
    server.objects.put(`/api/v1/namespaces/${namespace}/pods/${name}`, pod)
  }
  return { server, put, cluster: openCluster({ kubeconfig: server.kubeconfigFile, ...options }) }
}

async function namesIn(cluster: ReturnType<typeof openCluster>, most?: number) {
  const names: unknown[] = []
  const onObject = (pod: unknown) => void names.push(valueAt(pod, 'metadata', 'name'))
  await listAll(cluster, pods, { namespace: cluster.namespace, onObject, ...(most && { most }) })
  return names
}

t.test('a list is read page by page, up to a bound', async (t) => {
  const { server, put, cluster } = await open(t, { allNamespaces: true })
  for (let i = 0; i < 1200; i++) put(injectedPod({ name: `web-${i}` }))
  t.equal(new Set(await namesIn(cluster)).size, 1200)
  t.strictSame(
    server.requests.map(({ query }) => query.get('limit')),
    ['500', '500', '500'],
  )
  t.strictSame(cluster.notices.all(), [])
  t.equal((await namesIn(cluster, 500)).length, 500)
  t.strictSame(cluster.notices.all(), ['only the first 500 Pods were read'])
})

t.test('the namespace is the one of the context, unless all are asked for', async (t) => {
  const { server, put } = await open(t)
  put(injectedPod({ namespace: 'default', name: 'a' }))
  put(injectedPod({ namespace: 'team-b', name: 'b' }))
  const kubeconfig = server.kubeconfigFile
  t.strictSame(await namesIn(openCluster({ kubeconfig })), ['a'])
  t.strictSame(await namesIn(openCluster({ kubeconfig, namespace: 'team-b' })), ['b'])
  t.strictSame(await namesIn(openCluster({ kubeconfig, allNamespaces: true })), ['a', 'b'])
})

t.test('if the cluster can’t be read, a sentence says why', async (t) => {
  const { server, cluster } = await open(t, { allNamespaces: true })
  const kubeconfig = server.kubeconfigFile
  t.throws(() => openCluster({ kubeconfig: '/none' }), /kubeconfig \/none cannot be read: ENOENT/)
  t.throws(() => openCluster({ kubeconfig, context: 'x\u001b' }), {
    message: 'the kubeconfig has no context "x\\u{1b}"; it has: tests',
  })
  server.before = () => failure(403, 'Forbidden', 'pods is forbidden')
  await t.rejects(namesIn(cluster), /cannot read Pods in all namespaces.*403: pods is forbidden/)
  server.before = () => [200, '{"items":']
  await t.rejects(namesIn(cluster), /not valid JSON/)
  server.before = () => [200, { items: 'x', metadata: [] }]
  t.strictSame(await namesIn(cluster), [])
})

/** Reads logs of a cluster as their lines. */
const linesOf = (cluster: Parameters<typeof createLogReader>[0]) => {
  const readLog = createLogReader(cluster)
  return (pod: Parameters<typeof readLog>[0]) => readLog(pod, createLinesReader)
}

t.test('a log that may not be read is asked for once in a namespace', async (t) => {
  const { server, cluster } = await open(t)
  const readLog = linesOf(cluster)
  server.before = ({ path }) => (path.endsWith('/log') ? failure(403, 'Forbidden') : undefined)
  for (const name of ['a', 'b', 'c'])
    t.match(await readLog({ namespace: 'team-a', name, uid: name }), {
      kind: 'unread',
      why: /may not be read/,
    })
  t.equal(server.requests.length, 1)
  t.match(cluster.notices.all(), [/the logs of agents .* get pods\/log .* in namespace team-a$/])
  server.before = () => failure(404, 'NotFound')
  t.match(await readLog({ namespace: 'team-b', name: 'a', uid: 'a' }), { kind: 'gone' })
  const restarted = { metadata: { uid: 'a' } }
  server.before = ({ path }) =>
    path.endsWith('/log') ? failure(404, 'NotFound') : [200, restarted]
  const found = { namespace: 'team-b', name: 'a', uid: 'a' }
  t.match(await readLog(found), { why: /the kubelet doesn’t find the pod/ })
  t.match(await readLog({ ...found, uid: 'b' }), { kind: 'gone' }, 'another one has its name')
  server.before = () => failure(500, 'InternalError', 'dial tcp: refused')
  t.match(await readLog({ namespace: 'team-b', name: 'a', uid: 'a' }), { why: /dial tcp: refused/ })
})

t.test('a log that is too long is asked for again with fewer lines', async (t) => {
  const { server, cluster } = await open(t)
  const readLog = linesOf(cluster)
  server.before = ({ query }) =>
    Number(query.get('tailLines')) > 20 ? [200, 'x'.repeat(2 * 1024 * 1024)] : [200, 'a\n\nb\n']
  t.strictSame(await readLog({ namespace: 'team-a', name: 'web', uid: 'web' }), {
    kind: 'read',
    value: ['a', 'b'],
  })
  t.strictSame(
    server.requests.map(({ query }) => ['tailLines', 'limitBytes'].map((name) => query.get(name))),
    [
      ['150', '1048576'],
      ['19', '1048576'],
    ],
  )
})

t.test(
  'of many agents, 20 are asked at a time, and each answer is handed on at once',
  async (t) => {
    const { cluster } = await open(t)
    const pods = Array.from({ length: 100 }, (_, i) => {
      const pod = readAgentPod(injectedPod({ name: `web-${i}` }))
      if (pod === undefined) throw new Error('the pod has no agent')
      return pod
    })
    const unanswered = new Set<string>()
    let most = 0
    const readParts: typeof cluster.readParts = async ({ path }, start) => {
      unanswered.add(path.split('/').at(-2) ?? '')
      most = Math.max(most, unanswered.size)
      await turn()
      return start().end()
    }
    const names = await askAgents({ ...cluster, readParts }, pods, ({ pod: { name } }) => {
      t.ok(unanswered.delete(name))
      return name
    })
    t.strictSame(
      names,
      pods.map(({ name }) => name),
    )
    t.equal(most, 20)
  },
)

t.test('a pod’s own claims aren’t trusted', (t) => {
  t.match(readAgentPod(injectedPod()), {
    namespace: 'team-a',
    workload: 'Pod/web',
    agentVersion: '1.0.0',
    requests: {
      objects: [{ object: { name: 'db-password' }, isInFiles: true }],
      containers: ['app'],
      refreshSeconds: 300,
    },
    state: { kind: 'running', isReady: true },
    others: [{ name: 'app', startedAtMs: Date.parse('2026-11-29T09:00:10Z') }],
  })
  t.strictSame(readAgentPod(injectedPod())?.agent, { kind: 'ours' }, 'its configuration isn’t kept')
  const others = readAgentPod(injectedPod(), { isWanted: ({ name }) => name === 'other' })
  t.strictSame(others?.requests?.objects, [])
  const strange = [undefined, 1, [], {}, { spec: { initContainers: [null, { name: 1 }] } }]
  for (const pod of strange) t.equal(readAgentPod(pod), undefined)
  for (const status of [1, { initContainerStatuses: [1, {}], containerStatuses: { a: 1 } }])
    t.match(readAgentPod({ ...injectedPod(), status }), { state: undefined })
  t.match(readAgentPod({ ...injectedPod(), isUnread: true }), { agent: { why: /larger/ } })
  t.end()
})
