import t from 'tap'
import { readRolloutRecord } from '../../../../requests/rollouts/record.ts'
import { minuteMs, RolloutSimulation } from './rollout-simulation.ts'
import { simulatedPod } from './simulated-pod.ts'

const asking = { 'on-change': 'rollout', secrets: 'team-a:password' }

/** A Deployment whose object the controller has seen. */
async function started(template: Record<string, string> = asking): Promise<RolloutSimulation> {
  const simulation = new RolloutSimulation()
  simulation.rotate('password')
  simulation.rotate('key')
  simulation.deploy('web', template)
  await simulation.pass(20)
  return simulation
}
const reasons = ({ events }: RolloutSimulation) => events.map(({ reason }) => reason)
const patched = ({ patches }: RolloutSimulation) => patches.map(({ name }) => name)
const recordOf = ({ record }: RolloutSimulation, name = 'web') =>
  readRolloutRecord(record)?.workloads.get(`uid-${name}`)

t.test('nothing is rolled out when it is turned on', async (t) => {
  const simulation = new RolloutSimulation()
  simulation.deploy('web', asking)
  await simulation.pass(60)
  simulation.rotate('password')
  simulation.restart()
  simulation.record = undefined
  await simulation.pass(600)
  t.strictSame(patched(simulation), [])
  t.match(simulation.record ?? '', '"team-a:password"')
})

t.test('a rotation rolls out once, and an Event names the version', async (t) => {
  const simulation = await started()
  const version = simulation.rotate('password')
  await simulation.pass(600)
  t.strictSame(patched(simulation), ['web'])
  t.strictSame(reasons(simulation), ['RolloutBegun'])
  t.equal(simulation.events[0]?.message, `rolling out: team-a:password@${version} changed`)
  t.equal(simulation.events[0]?.object.kind, 'Deployment')
  t.match(recordOf(simulation), { name: 'Deployment/web', begunMs: [simulation.patches[0]?.atMs] })
  t.equal(recordOf(simulation)?.held, undefined)
})

t.test('each rotation reaches the process, and the same bytes don’t count', async (t) => {
  const simulation = await started()
  for (let count = 0; count < 3; count++) {
    simulation.rotate('password', `value ${count}`)
    await simulation.pass(30)
  }
  t.equal(simulation.patches.length, 3)
  simulation.rotate('password', 'value 2')
  await simulation.pass(60)
  t.equal(simulation.patches.length, 3)
})

t.test('objects that change together are one roll-out', async (t) => {
  const simulation = await started({ ...asking, secrets: 'team-a:password, team-a:key' })
  simulation.rotate('password')
  await simulation.pass(0.5)
  simulation.rotate('key')
  await simulation.pass(60)
  t.equal(simulation.patches.length, 1)
  t.match(simulation.events[0]?.message ?? '', /team-a:password@.*, team-a:key@/)
})

t.test('looks between two reads don’t forget what couldn’t be read', async (t) => {
  const simulation = await started({ ...asking, secrets: 'team-a:password, team-a:absent' })
  t.match(simulation.problems(), ['absent'])
  simulation.rotate('password')
  for (let count = 0; count < 20 && patched(simulation).length === 0; count++)
    await simulation.pass(1)
  t.strictSame(patched(simulation), ['web'])
  simulation.requests.length = 0
  await simulation.pass(0.5)
  t.ok(simulation.requests.includes('read Deployment'), 'it has looked at the roll-out')
  t.match(simulation.problems(), ['absent'])
})

t.test('a new workload is found within minutes, by one request if there is none', async (t) => {
  const simulation = await started()
  simulation.rotate('new')
  simulation.requests.length = 0
  await simulation.pass(9)
  const quiet = simulation.requests.length
  simulation.deploy('other', { ...asking, secrets: 'team-a:new' })
  await simulation.pass(15)
  simulation.rotate('new')
  await simulation.pass(15)
  t.strictSame(patched(simulation), ['other'])
  t.ok(quiet <= 1, `${quiet} requests while nothing happened`)
})

t.test('whoever has more pods than are read is told', async (t) => {
  const simulation = await started()
  t.strictSame(simulation.problems(), [])
  simulation.arePodsCut = true
  await simulation.pass(60)
  t.strictSame(simulation.problems(), [
    'it has more than 5000 pods, and the others are left out; use more accounts',
  ])
  simulation.arePodsCut = false
  await simulation.pass(60)
  t.strictSame(simulation.problems(), [])
})

t.test('a record that is lost doesn’t lift the limits', async (t) => {
  const simulation = await started()
  simulation.rotate('password')
  await simulation.pass(8)
  t.strictSame(patched(simulation), ['web'])
  simulation.record = undefined
  simulation.restart()
  await simulation.pass(0.5)
  simulation.rotate('password')
  await simulation.pass(60)
  const [first, second] = simulation.patches
  t.ok((second?.atMs ?? 0) - (first?.atMs ?? 0) >= 10 * minuteMs, 'ten minutes between them')
  t.strictSame(patched(simulation), ['web', 'web'])
})

t.test('a token is used again, but not by another client', async (t) => {
  const simulation = await started()
  const { signIns, clientId } = simulation
  t.strictSame(signIns[0], { clientId, heldToken: undefined })
  t.strictSame(signIns.at(-1), { clientId, heldToken: `of ${clientId}` })
  signIns.length = 0
  simulation.clientId = '33333333-3333-3333-3333-333333333333'
  await simulation.reload()
  await simulation.pass(20)
  t.strictSame(signIns[0], { clientId: simulation.clientId, heldToken: undefined })
  t.ok(signIns.length > 1)
  t.notOk(signIns.some(({ heldToken }) => heldToken === `of ${clientId}`))
})

t.test('rollout-env counts only variables', async (t) => {
  const env = 'PASSWORD=team-a:password'
  const simulation = await started({ 'on-change': 'rollout-env', secrets: 'team-a:key', env })
  simulation.rotate('key')
  await simulation.pass(60)
  t.strictSame(patched(simulation), [])
  simulation.rotate('password')
  await simulation.pass(60)
  t.strictSame(patched(simulation), ['web'])
})

t.test('two workloads of one account are rolled out by what each asks for', async (t) => {
  const simulation = await started()
  simulation.deploy('api', { ...asking, secrets: 'team-a:key' })
  simulation.deploy('quiet', { secrets: 'team-a:password' })
  await simulation.pass(70)
  simulation.rotate('password')
  await simulation.pass(60)
  t.strictSame(patched(simulation), ['web'])
  simulation.rotate('key')
  await simulation.pass(60)
  t.strictSame(patched(simulation), ['web', 'api'])
})

t.test('a workload that is paused is rolled out later', async (t) => {
  const simulation = await started()
  simulation.pause('web', true)
  simulation.rotate('password')
  await simulation.pass(120)
  t.strictSame(patched(simulation), [])
  t.strictSame(reasons(simulation), ['RolloutHeldBack'], 'it is said once')
  t.equal(recordOf(simulation)?.held?.why, 'paused')
  simulation.pause('web', false)
  await simulation.pass(15)
  t.strictSame(patched(simulation), ['web'])
  t.equal(recordOf(simulation)?.held, undefined)
})

t.test(
  'a workload that fails with an old version is rolled out, and one that never started isn’t',
  async (t) => {
    const simulation = await started()
    simulation.isFailing = true
    await simulation.pass(20)
    t.strictSame(patched(simulation), [], 'nothing has changed')
    simulation.rotate('password')
    await simulation.pass(20)
    t.strictSame(patched(simulation), ['web'])
    t.strictSame(reasons(simulation), ['RolloutBegun'], 'the failure before isn’t this one’s')
    simulation.isFailing = true
    simulation.extraPods.push({
      ...simulatedPod('pending', {
        owner: { kind: 'ReplicaSet', name: 'web-2' },
        annotations: { 'akv-injector.io/on-change': 'rollout' },
        startedMs: simulation.nowMs,
        isReady: false,
      }),
      status: {},
    })
    simulation.rotate('password')
    await simulation.pass(30)
    t.strictSame(patched(simulation), ['web'])
    t.equal(recordOf(simulation)?.held?.why, 'failing')
  },
)

t.test('a patch that a policy refuses is said once, and repeated each hour', async (t) => {
  const simulation = await started()
  simulation.fault = 'refused'
  simulation.rotate('password')
  await simulation.pass(200)
  t.strictSame(reasons(simulation), ['RolloutRefused'])
  t.match(simulation.events[0]?.message ?? '', 'the policy "frozen" refused it')
  t.strictSame(recordOf(simulation)?.begunMs, [])
  t.equal(recordOf(simulation)?.held?.why, 'refused')
  t.ok(simulation.requests.filter((request) => request === 'patch').length <= 4)
  simulation.fault = undefined
  await simulation.pass(70)
  t.strictSame(patched(simulation), ['web'])
})

t.test('a workload that has changed since it was read is read again', async (t) => {
  const simulation = await started()
  simulation.fault = 'stale'
  simulation.rotate('password')
  await simulation.pass(15)
  t.strictSame(patched(simulation), ['web'])
})

t.test('a patch of which nothing is known is made once', async (t) => {
  const simulation = await started()
  simulation.fault = 'lost'
  simulation.rotate('password')
  await simulation.pass(60)
  t.strictSame(patched(simulation), [])
  simulation.fault = undefined
  simulation.restart()
  await simulation.pass(60)
  t.strictSame(patched(simulation), ['web'])
  simulation.fault = 'answer lost'
  simulation.rotate('password')
  await simulation.pass(600)
  t.strictSame(patched(simulation), ['web', 'web'])
  t.strictSame(reasons(simulation), ['RolloutBegun', 'RolloutBegun'])
})

t.test('an undone roll-out isn’t fought', async (t) => {
  const simulation = await started()
  simulation.rotate('password')
  await simulation.pass(15)
  simulation.undo('web')
  simulation.restart()
  await simulation.pass(600)
  t.strictSame(patched(simulation), ['web'])
})

t.test('a roll-out that is undone before it has replaced a pod is reported', async (t) => {
  const simulation = await started()
  simulation.rolloutMs = 20 * minuteMs
  simulation.isStuck = true
  simulation.rotate('password')
  await simulation.pass(10)
  simulation.undo('web')
  await simulation.pass(60)
  t.strictSame(patched(simulation), ['web'])
  t.strictSame(reasons(simulation), ['RolloutBegun', 'RolloutHeldBack'])
  t.equal(recordOf(simulation)?.held?.why, 'undone')
  simulation.rotate('password')
  await simulation.pass(20)
  t.strictSame(patched(simulation), ['web', 'web'], 'the next version isn’t that one')
})

t.test('a restarted controller goes on with what it has begun', async (t) => {
  const simulation = await started()
  simulation.rolloutMs = 20 * minuteMs
  simulation.rotate('password')
  await simulation.pass(10)
  for (let count = 0; count < 10; count++) {
    simulation.restart()
    await simulation.pass(3)
  }
  t.strictSame(patched(simulation), ['web'])
  simulation.rotate('password')
  await simulation.pass(60)
  t.strictSame(patched(simulation), ['web', 'web'])
})

t.test('a roll-out that takes too long has failed', async (t) => {
  const simulation = await started()
  simulation.rolloutMs = 100 * minuteMs
  simulation.isStuck = true
  simulation.rotate('password')
  await simulation.pass(90)
  t.strictSame(reasons(simulation), ['RolloutBegun', 'RolloutFailed'])
  t.equal(recordOf(simulation)?.held?.why, 'rolling')
  await simulation.pass(600)
  t.strictSame(patched(simulation), ['web'])
  t.equal(recordOf(simulation)?.held?.why, 'undone')
  simulation.isStuck = false
  simulation.undo('web')
  await simulation.pass(20)
  t.equal(recordOf(simulation)?.held, undefined, 'its pods have the new version now')
})

t.test('a consumer of a synced Secret is rolled out when its bytes change', async (t) => {
  const simulation = await started()
  const containers = [{ envFrom: [{ secretRef: { name: 'db' } }] }]
  const annotations = { 'akv-injector.io/on-change': 'rollout-env' }
  simulation.deploy('consumer', {}, { annotations, spec: { containers } })
  await simulation.pass(120)
  t.strictSame(patched(simulation), [], 'a Secret without a time makes nothing old')
  simulation.secrets.set('db', new Date(simulation.nowMs).toISOString())
  await simulation.pass(60)
  t.strictSame(patched(simulation), ['consumer'])
  t.match(simulation.events[0]?.message ?? '', 'Secret/db')
})

t.test('pods that no roll-out can replace are refused with a sentence, once', async (t) => {
  const simulation = await started()
  const annotations = { 'akv-injector.io/on-change': 'rollout' }
  const startedMs = simulation.nowMs
  const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'canary' }
  const job = { apiVersion: 'batch/v1', kind: 'Job', name: 'once' }
  simulation.extraPods.push(
    simulatedPod('bare', { annotations, startedMs }),
    simulatedPod('once-1', { owner: job, annotations, startedMs }),
    simulatedPod('canary-1', { owner: rollout, annotations, startedMs }),
    simulatedPod('quiet', { annotations: {}, startedMs }),
  )
  await simulation.pass(300)
  simulation.restart()
  await simulation.pass(300)
  t.strictSame(reasons(simulation), ['RolloutRefused', 'RolloutRefused', 'RolloutRefused'])
  t.strictSame(
    simulation.events.map(({ object }) => object.kind),
    ['Pod', 'Job', 'Rollout'],
  )
  for (const { message } of simulation.events) t.match(message, /^can’t be rolled out: /)
})

t.test('the record of an owner with a long name is short', async (t) => {
  const simulation = await started()
  const annotations = { 'akv-injector.io/on-change': 'rollout' }
  const owner = { apiVersion: 'v1', kind: 'K'.repeat(100_000), name: 'n\n' }
  simulation.extraPods.push(simulatedPod('x', { owner, annotations, startedMs: simulation.nowMs }))
  await simulation.pass(70)
  const { workloads } = readRolloutRecord(simulation.record) ?? {}
  t.equal(workloads?.get('uid-n\n')?.name, `${'K'.repeat(320)}…`)
  const { lines } = simulation.log
  t.ok(lines.length > 0)
  t.ok(lines.every((line) => JSON.stringify(line).length < 1000))
})

t.test('who may only create pods can’t roll out a workload', async (t) => {
  const simulation = await started()
  const owner = { kind: 'ReplicaSet', name: 'web-1' }
  const annotations = {
    'akv-injector.io/on-change': 'rollout',
    'akv-injector.io/secrets': 'team-a:key',
  }
  const startedMs = simulation.nowMs
  simulation.extraPods.push(
    simulatedPod('forged', { owner, annotations, startedMs }),
    simulatedPod('invented', {
      owner: { kind: 'ReplicaSet', name: 'no-9' },
      annotations,
      startedMs,
    }),
  )
  await simulation.pass(70)
  simulation.rotate('key')
  await simulation.pass(70)
  t.strictSame(patched(simulation), [])
})

t.test('500 workloads whose object changes roll out five at a time', async (t) => {
  const simulation = new RolloutSimulation()
  simulation.rotate('password')
  for (let count = 0; count < 500; count++) simulation.deploy(`web${count}x`, asking)
  await simulation.pass(20)
  const before = simulation.requests.length
  simulation.rotate('password')
  await simulation.pass(300)
  t.equal(new Set(patched(simulation)).size, 500)
  t.equal(simulation.patches.length, 500)
  t.ok(simulation.mostRolling <= 5, `${simulation.mostRolling} at a time`)
  const requests = simulation.requests.length - before
  t.ok(requests < 14_500, `${requests} requests to the API server`)
})

t.test('a time in the future, whoever wrote it, keeps nothing from being rolled out', async (t) => {
  const simulation = await started()
  const later = '2999-01-01T00:00:00.000Z'
  const { objects } = JSON.parse(simulation.record ?? '')
  const workload = { name: 'Deployment/web', through: later, begun: [later] }
  simulation.record = JSON.stringify({
    since: later,
    objects: { 'team-a:password': { ...objects['team-a:password'], changed: later } },
    workloads: { 'uid-web': workload },
  })
  simulation.restart()
  await simulation.pass(20)
  simulation.rotate('password')
  await simulation.pass(60)
  t.strictSame(patched(simulation), ['web'])
  t.notMatch(simulation.record ?? '', /2999/)
})

t.test('a workload that has gone isn’t held back', async (t) => {
  const simulation = await started()
  simulation.rotate('password')
  await simulation.pass(60)
  simulation.pause('web', true)
  simulation.rotate('password')
  await simulation.pass(60)
  t.equal(recordOf(simulation)?.held?.why, 'paused')
  simulation.remove('web')
  await simulation.pass(90)
  t.equal(recordOf(simulation)?.held, undefined)
})
