import t from 'tap'
import type { FairPace } from '../../../lib/fair/fair-pace.ts'
import { createRoundPace } from '../../../sync/pace/round-pace.ts'
import { freePace } from '../harness/free-pace.ts'

/** A pace that counts who waits in the line. */
function start({ allowance, slots }: { readonly allowance: boolean; readonly slots: number }) {
  const counts = { waited: 0, stopped: 0, slow: 0 }
  const pace: FairPace = {
    ...freePace,
    hasAllowance: () => allowance,
    awaitLine: async () => void counts.waited++,
  }
  const slot = { becomeSlow: () => ++counts.slow <= slots }
  return { counts, pace: createRoundPace(pace, { slot, onStop: () => counts.stopped++ }) }
}

t.test('within its allowance, a round keeps its slot', async (t) => {
  const { counts, pace } = start({ allowance: true, slots: 0 })
  t.ok(await pace.awaitTurn('shop'))
  t.notOk(pace.isSlow())
  t.strictSame(counts, { waited: 0, stopped: 0, slow: 0 })
})

t.test('a round takes a slow slot before it waits in the line', async (t) => {
  const { counts, pace } = start({ allowance: false, slots: 2 })
  t.ok(await pace.awaitTurn('shop'))
  await pace.awaitLine('shop')
  t.ok(pace.isSlow())
  t.strictSame(counts, { waited: 2, stopped: 0, slow: 2 })
})

t.test('without a slow slot, it ends instead of waiting', async (t) => {
  const { counts, pace } = start({ allowance: false, slots: 0 })
  t.notOk(await pace.awaitTurn('shop'))
  await t.rejects(pace.awaitLine('shop'), { code: 'AKV_SYNC_COSTLY' })
  t.ok(pace.isSlow())
  t.strictSame(counts, { waited: 0, stopped: 2, slow: 2 })
})
