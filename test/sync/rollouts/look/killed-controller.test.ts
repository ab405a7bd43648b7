import t from 'tap'
import { readRolloutRecord } from '../../../../requests/rollouts/record.ts'
import { RolloutSimulation } from './rollout-simulation.ts'

/** A Deployment whose object has changed, and a controller that will notice. */
async function rotated(): Promise<RolloutSimulation> {
  const simulation = new RolloutSimulation()
  simulation.rotate('password')
  simulation.deploy('web', { 'on-change': 'rollout', secrets: 'team-a:password' })
  await simulation.pass(20)
  simulation.rotate('password')
  return simulation
}

/** How many requests it takes until nothing is left to do. */
async function requestsOfRollout(): Promise<{ readonly from: number; readonly to: number }> {
  const simulation = await rotated()
  const from = simulation.requests.length
  await simulation.pass(30)
  return { from, to: simulation.requests.length }
}

for (const isCarriedOut of [true, false])
  t.test(`killed at a request that is ${isCarriedOut ? '' : 'not '}carried out`, async (t) => {
    const { from, to } = await requestsOfRollout()
    t.ok(to - from > 8, `${to - from} requests`)
    const killedAt = new Set<string>()
    for (let request = from; request < to; request++) {
      const simulation = await rotated()
      simulation.kill = { request, isCarriedOut }
      await simulation.pass(60)
      const killed = `killed at request ${request}`
      t.equal(simulation.kill, undefined, killed)
      killedAt.add(simulation.requests[request] ?? '')
      t.equal(simulation.patches.length, 1, `${killed}: one roll-out`)
      const recorded = readRolloutRecord(simulation.record)?.workloads.get('uid-web')
      t.strictSame(recorded?.begunMs, [simulation.patches[0]?.atMs], killed)
      t.equal(recorded?.patching, undefined, killed)
      t.equal(recorded?.held, undefined, killed)
      simulation.rotate('password')
      await simulation.pass(60)
      t.equal(simulation.patches.length, 2, `${killed}: the next version`)
    }
    if (isCarriedOut)
      for (const request of ['patch', 'writeRecord', 'createEvent', 'listPods', 'read Deployment'])
        t.ok(killedAt.has(request), request)
  })

t.test('an undo is not fought, wherever the controller was killed', async (t) => {
  const { from, to } = await requestsOfRollout()
  let undone = 0
  for (let request = from; request < to; request++) {
    const simulation = await rotated()
    simulation.kill = { request, isCarriedOut: true }
    simulation.isStuck = true
    while (simulation.patches.length === 0) await simulation.pass(0.05)
    simulation.undo('web')
    undone += 1
    await simulation.pass(600)
    t.equal(simulation.patches.length, 1, `killed at request ${request}`)
  }
  t.equal(undone, to - from)
})

t.test('killed between the record and the patch for hours', async (t) => {
  const simulation = await rotated()
  simulation.fault = 'lost'
  await simulation.pass(10)
  simulation.fault = undefined
  simulation.nowMs += 5 * 3600_000
  simulation.restart()
  await simulation.pass(15)
  t.equal(simulation.patches.length, 1)
})
