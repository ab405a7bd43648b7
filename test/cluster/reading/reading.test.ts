import t from 'tap'
import { logOf, stateOf, v1, v2 } from '../../support/injected-pods/agent-log.ts'
import { agentImage, injectedPod } from '../../support/injected-pods/injected-pod.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import { accountKubeconfig } from '../client/account-kubeconfig.ts'
import { connect } from '../client/api.ts'
import { openCluster, testNamespace, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { addStandInNode } from './harness/stand-in-node.ts'

const kubeconfigFile = process.env['KUBECONFIG'] ?? ''
const cluster = openCluster(t)
const api = connect(kubeconfigFile)
t.teardown(() => api.close())
const node = await addStandInNode(api, kubeconfigFile)
t.teardown(() => node.close())

// The webhook leaves namespaces with this label alone, and the pods here are injected already.
const namespace = await testNamespace(t, cluster, { 'control-plane': 'reading' })
const at = (time: string) => `2026-11-29T${time}.000Z`
const annotations = { vault: 'team-a', env: 'PASSWORD=db-password', refresh: '5m' }
const variables = [
  [v1, at('09:00:05')],
  [v2, at('09:30:00')],
] as const
const now = new Date().toISOString()
const rotated = stateOf({ versions: [v2], since: at('09:30:00'), variables }, now)
await node.addPod(injectedPod({ namespace, name: 'web', annotations }), logOf(rotated))
await node.addPod(injectedPod({ namespace, name: 'lost' }))
const failing = { code: 'AKV_FORBIDDEN', since: at('09:30:00') }
await node.addPod(injectedPod({ namespace, name: 'stale' }), logOf(stateOf({ failing }, now)))

/** A kubeconfig of an account with a ClusterRole in the namespace. */
async function callerWith(name: string, role: string | undefined): Promise<string> {
  const metadata = { namespace, name }
  expectSuccess(await cluster.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata }))
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role }
  const binding = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata }
  const subjects = [{ kind: 'ServiceAccount', name, namespace }]
  if (role !== undefined) expectSuccess(await cluster.create({ ...binding, roleRef, subjects }))
  const account = { name, namespace }
  const own = await accountKubeconfig({ api, kubeconfigFile, account, folder: t.testdir() })
  const caller = connect(own)
  t.teardown(() => caller.close())
  const path = `/api/v1/namespaces/${namespace}/pods`
  // Rights take effect a moment after they are given.
  const mayList = async () => (await caller.call({ method: 'GET', path })).status === 200
  if (role !== undefined) await until(mayList)
  return own
}

const viewer = await callerWith('viewer', 'view')
const run = async (args: readonly string[], kubeconfig = viewer) =>
  await runInProcess([...args, '--kubeconfig', kubeconfig], { env: { CI: 'true' } })

t.test('whoever may view a namespace sees how its pods are', async (t) => {
  const { code, stdout, stderr } = await run(['status', '-n', namespace])
  t.equal(code, 1, stderr)
  const rows = stdout.split('\n').map((line) => line.replace(/ {3,}/g, ' | '))
  t.match(rows, [
    /^NAME/,
    /^pod\/stale \| stale \| \d+[smhd] \| AKV_FORBIDDEN \| 1 \|/,
    /^pod\/lost \| unknown \| .* \| its log can’t be read: /,
    /^pod\/web \| fresh \| .*variables older than the objects in place: PASSWORD$/,
    '',
    /^3 rows: /,
  ])
  t.match(stderr, /webhook configuration.* can’t be read/)
  t.equal(stderr.split('\n').length, 2, stderr)
})

t.test('and who holds a version', async (t) => {
  const gate = ['--gate', '-n', namespace, '--agent-image', agentImage]
  const held = await run(['who', `team-a:db-password@${v1}`, ...gate])
  t.match(held, { code: 1, stdout: /Pod\/web .* variables +1{32} / })
  t.match(held.stdout, /Pod\/lost +1 +its log can’t be read/)
  node.logs.set(`${namespace}/lost`, logOf(stateOf({ versions: [v2] }, now)))
  node.logs.set(`${namespace}/stale`, logOf(stateOf({ versions: [v2] }, now)))
  node.logs.set(
    `${namespace}/web`,
    logOf(stateOf({ versions: [v2], variables: [[v2, at('08:00:00')]] }, now)),
  )
  const free = await run(['who', `team-a:db-password@${v1}`, ...gate])
  t.match(free, { code: 0, stdout: /^the gate is open / }, free.stdout + free.stderr)
})

t.test('whoever may not read something is told so in a sentence', async (t) => {
  const everywhere = await run(['status', '-A'])
  t.match(everywhere, {
    code: 2,
    stdout: '',
    stderr: /cannot read Pods in all namespaces; name one/,
  })
  const stranger = await callerWith('stranger', undefined)
  const refused = await run(['who', 'team-a', '-n', namespace], stranger)
  t.match(refused, { code: 2, stdout: '', stderr: /cannot read Pods in namespace .*forbidden/ })
})
