import t from 'tap'
import { RolloutSlots } from '../../../../sync/rollouts/services/rollout-slots.ts'

function slotsOf(concurrent: number) {
  let nowMs = 0
  const slots = new RolloutSlots({ concurrent, clock: { now: () => nowMs } })
  const pass = (ms: number) => {
    nowMs += ms
  }
  return { slots, pass }
}

t.test('there are as many slots as are set', async (t) => {
  const { slots } = slotsOf(2)
  t.ok(slots.take('a', 'team-a'))
  t.ok(slots.take('b', 'team-a'))
  t.notOk(slots.take('c', 'team-a'))
  slots.free('a')
  t.ok(slots.take('c', 'team-a'))
  t.equal(slots.running(), 2)
})

t.test('of those that wait, the namespace with the fewest roll-outs comes first', async (t) => {
  const { slots, pass } = slotsOf(2)
  slots.take('a', 'team-a')
  slots.take('b', 'team-a')
  t.notOk(slots.take('x', 'team-b'))
  slots.free('a')
  t.notOk(slots.take('c', 'team-a'), 'team-b waits, and has none')
  t.ok(slots.take('x', 'team-b'))
  slots.free('x')
  t.ok(slots.take('c', 'team-a'), 'team-b waits no more')
  t.notOk(slots.take('y', 'team-b'))
  slots.free('c')
  pass(61_000)
  t.ok(slots.take('d', 'team-a'), 'team-b hasn’t asked for a minute')
})

t.test('a roll-out that doesn’t end gives up its slot', async (t) => {
  const { slots, pass } = slotsOf(1)
  slots.take('a', 'team-a')
  pass(599_000)
  t.notOk(slots.take('x', 'team-b'))
  pass(1_000)
  t.ok(slots.take('x', 'team-b'))
  t.equal(slots.running(), 2)
})

t.test('roll-outs that don’t end keep their own namespace waiting, and no other one', async (t) => {
  const { slots, pass } = slotsOf(2)
  slots.take('a', 'team-a')
  slots.take('b', 'team-a')
  pass(600_000)
  t.notOk(slots.take('c', 'team-a'), 'it has as many as it may have')
  t.ok(slots.take('x', 'team-b'))
  slots.free('a')
  t.ok(slots.take('c', 'team-a'))
})

t.test('roll-outs from before a restart count', async (t) => {
  const { slots } = slotsOf(1)
  slots.adopt('a', 'team-a')
  t.notOk(slots.take('x', 'team-b'))
})

t.test('a made-up record takes no more slots than its namespace can have', async (t) => {
  const { slots, pass } = slotsOf(2)
  for (let n = 0; n < 100; n++) slots.adopt(`${n}`, 'team-a')
  t.equal(slots.running(), 2)
  t.notOk(slots.take('x', 'team-b'))
  pass(10 * 60_000)
  t.ok(slots.take('x', 'team-b'))
})
