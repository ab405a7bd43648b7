import t from 'tap'
import { heldReasons } from '../../../requests/rollouts/rollout-names.ts'
import { logOf, stateOf } from '../../support/injected-pods/agent-log.ts'
import { injectedPod } from '../../support/injected-pods/injected-pod.ts'
import { servePods } from '../../support/injected-pods/serve-pods.ts'
import { runInProcess as run } from '../../support/run-in-process.ts'

/** What `status` says of workloads whose pods hold an old version. */
const version = '0123456789abcdef0123456789abcdef'
const since = '2026-11-29T08:00:00.000Z'
const changed = '2026-11-29T09:30:00.000Z'
const held = (why: string) => ({ why, since: '2026-11-29T10:00:00.000Z' })

interface Recorded {
  readonly objects?: object
  readonly workloads?: object
}
/** An account with a record, and pods of two workloads that run as it. */
async function serveRecord(t: Parameters<typeof servePods>[0], record: Recorded | string) {
  const { server, put, options } = await servePods(t)
  const pod = (name: string, workload: string, createdAt: string) => {
    const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: workload, uid: '1' }
    const metadata = {
      ownerReferences: [{ ...owner, controller: true }],
      creationTimestamp: createdAt,
    }
    const { spec, ...others } = injectedPod({ name, metadata })
    put({ ...others, spec: { ...(spec as object), serviceAccountName: 'web' } }, logOf(stateOf()))
  }
  pod('web-0', 'web', '2026-11-29T09:00:00Z')
  pod('web-1', 'web', '2026-11-29T10:00:00Z')
  pod('other-0', 'other', '2026-11-29T09:00:00Z')
  const text = typeof record === 'string' ? record : JSON.stringify({ since, ...record })
  server.objects.put('/api/v1/namespaces/team-a/serviceaccounts/web', {
    ...{ apiVersion: 'v1', kind: 'ServiceAccount' },
    metadata: {
      ...{ namespace: 'team-a', name: 'web' },
      annotations: { 'rollout.akv-injector.io/record': text },
    },
  })
  const status = async (...args: readonly string[]) => {
    const answer = await run(['status', '-n', 'team-a', ...options, ...args])
    return { ...answer, lines: answer.stdout.split('\n') }
  }
  return { status }
}
const objects = { 'team-a:db-password': { version, changed } }

t.test('a workload that is held back has a row with its old pods and the reason', async (t) => {
  const workloads = { 'uid-1': { name: 'StatefulSet/web', begun: [], held: held('too-soon') } }
  const { status } = await serveRecord(t, { objects, workloads })
  const { code, lines } = await status()
  t.equal(code, 0)
  const line = lines.find((line) => line.startsWith('statefulset/web'))
  t.match(line, /^statefulset\/web +stale +\d+m +- +1 +- +- +team-a +1 pod \(web-0\) holds an old/)
  t.match(line, `version of team-a:db-password: ${heldReasons['too-soon']}`.slice(0, 90))
  const { stdout } = await status('--output', 'json')
  t.match(JSON.parse(stdout).rows[0], {
    ...{ kind: 'StatefulSet', namespace: 'team-a', name: 'web', state: 'stale' },
    ...{ since: '2026-11-29T10:00:00.000Z', vaults: ['team-a'], objects: 1 },
    why: `1 pod (web-0) holds an old version of team-a:db-password: ${heldReasons['too-soon']}`,
  })
})

t.test('each reason has its sentence, also after a roll-out that was undone', async (t) => {
  for (const why of Object.keys(heldReasons)) {
    const web = { name: 'StatefulSet/web', through: changed, begun: [changed], held: held(why) }
    const { status } = await serveRecord(t, { objects, workloads: { 'uid-1': web } })
    const { stdout } = await status('--output', 'json')
    const sentence = heldReasons[why as keyof typeof heldReasons]
    t.match(JSON.parse(stdout).rows[0].why, `an old version of team-a:db-password: ${sentence}`)
  }
})

t.test('pods that can never be rolled out aren’t stale before an object changes', async (t) => {
  const unchanged = { 'team-a:db-password': { version } }
  for (const why of ['bare-pod', 'job', 'other-owner']) {
    const workloads = { 'uid-1': { name: 'StatefulSet/web', begun: [], held: held(why) } }
    const { status } = await serveRecord(t, { objects: unchanged, workloads })
    const { lines } = await status()
    t.ok(lines.some((line) => line.startsWith('3 rows: ')))
  }
})

t.test(
  'only what changed since the last roll-out is named, and pods without agents aren’t',
  async (t) => {
    const later = '2026-11-29T09:45:00.000Z'
    const both = { ...objects, 'Secret/db': { version: '', changed: later } }
    const consumer = { name: 'Deployment/plain', through: changed, begun: [], held: held('paused') }
    const { status } = await serveRecord(t, { objects: both, workloads: { 'uid-1': consumer } })
    const { stdout } = await status('--output', 'json')
    t.match(JSON.parse(stdout).rows[0], {
      ...{ kind: 'Deployment', name: 'plain', vaults: { length: 0 } },
      why: `pods hold an old version of Secret/db: ${heldReasons.paused}`,
    })
  },
)

t.test('nothing held, or nothing that is a record, adds no row', async (t) => {
  const rolledOut = { name: 'StatefulSet/web', through: changed, begun: [changed] }
  const hostile = [
    ...['x', '../../a', 'Deployment/\u001b[2J', 'a b/c', `A/${'a'.repeat(254)}`],
    ...['Deployment/web\nforged   failed'],
  ].map((name, i) => [`uid-${i}`, { name, held: held('paused') }] as const)
  const unknown = { name: 'StatefulSet/web', held: held('constructor') }
  for (const record of [
    { objects, workloads: { 'uid-1': rolledOut } },
    { objects, workloads: Object.fromEntries(hostile) },
    { objects, workloads: { 'uid-1': unknown } },
    ...['', '{', '[]', 'null', '{"since":1}', `{"since":"${since}","workloads":[1],"objects":7}`],
  ]) {
    const { status } = await serveRecord(t, record)
    const { code, lines } = await status()
    t.equal(code, 0)
    t.ok(
      lines.some((line) => line.startsWith('3 rows: ')),
      JSON.stringify(record),
    )
    t.notMatch(lines.join('\n'), 'forged')
  }
})
