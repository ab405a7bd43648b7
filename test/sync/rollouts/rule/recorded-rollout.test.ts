import t from 'tap'
import {
  lastBegun,
  patchOutcome,
  recordBegun,
  recordPatched,
  recordUnpatched,
} from '../../../../sync/rollouts/rule/recorded-rollout.ts'
import { minuteMs } from './simulated-rollouts.ts'

const nowMs = Date.UTC(2026, 0, 2)
const ago = (minutes: number) => nowMs - minutes * minuteMs
const name = 'Deployment/web'
const begin = { name, throughMs: ago(30), nowMs, generation: 7 }

t.test('what is recorded keeps the last day, and never goes back', async (t) => {
  const before = { name, throughMs: ago(1), begunMs: [ago(1441), ago(60)] }
  t.strictSame(recordPatched(recordBegun(before, begin)), {
    name,
    throughMs: ago(1),
    begunMs: [ago(60), nowMs],
  })
})

t.test('what wasn’t patched is remembered as before', async (t) => {
  t.equal(recordUnpatched(recordBegun(undefined, begin)), undefined)
  const before = { name, throughMs: ago(90), begunMs: [ago(60)] }
  t.strictSame(recordUnpatched(recordBegun(before, begin)), before)
  const held = { name, begunMs: [], held: { why: 'refused', sinceMs: ago(60) } } as const
  t.strictSame(recordUnpatched(recordBegun(held, begin)), held)
})

t.test('a patch was made if its time is there, or if it may have been undone', async (t) => {
  const recorded = recordBegun(undefined, begin)
  const restartedAt = lastBegun(recorded)
  const after = (
    workload: Partial<Parameters<typeof patchOutcome>[1]>,
    { seconds = 90, of = recorded } = {},
  ) =>
    patchOutcome(of, { generation: 7, restartedAt: undefined, ...workload }, nowMs + seconds * 1000)
  t.equal(after({ restartedAt, generation: 8 }), 'made')
  t.equal(after({ restartedAt, generation: 12 }), 'made')
  t.equal(after({ generation: 9 }), 'made', 'the patch, and an undo')
  t.equal(after({ generation: 7 }), 'unmade')
  t.equal(after({ generation: 8 }), 'unmade', 'somebody else has scaled it')
  t.equal(after({ restartedAt: 'x' }), 'unmade', 'that was another roll-out')
  t.equal(after({}, { seconds: 89 }), 'unknown', 'the API server may still carry it out')
  t.equal(after({}, { of: recordPatched(recorded) }), 'made')
})
