import t from 'tap'
import type { FairPace } from '../../../lib/fair/fair-pace.ts'
import { createRoundPace } from '../../../sync/pace/round-pace.ts'
import { freePace } from '../harness/free-pace.ts'

/** A pace that counts who waits in the line. */
function start({ allowance, places }: { readonly allowance: boolean; readonly places: number }) {
  const counts = { waited: 0, stopped: 0, slow: 0 }
  const pace: FairPace = {
    ...freePace,
    hasAllowance: () => allowance,
    awaitLine: async () => void counts.waited++,
  }
  const place = { becomeSlow: () => ++counts.slow <= places }
  return { counts, pace: createRoundPace(pace, { place, onStop: () => counts.stopped++ }) }
}

t.test('within its allowance, a round keeps its place', async (t) => {
  const { counts, pace } = start({ allowance: true, places: 0 })
  t.ok(await pace.awaitTurn('shop'))
  t.notOk(pace.isSlow())
  t.strictSame(counts, { waited: 0, stopped: 0, slow: 0 })
})

t.test('a round takes a slow place before it waits in the line', async (t) => {
  const { counts, pace } = start({ allowance: false, places: 2 })
  t.ok(await pace.awaitTurn('shop'))
  await pace.awaitLine('shop')
  t.ok(pace.isSlow())
  t.strictSame(counts, { waited: 2, stopped: 0, slow: 2 })
})

t.test('without a slow place, it ends instead of waiting', async (t) => {
  const { counts, pace } = start({ allowance: false, places: 0 })
  t.notOk(await pace.awaitTurn('shop'))
  await t.rejects(pace.awaitLine('shop'), { code: 'AKV_SYNC_COSTLY' })
  t.ok(pace.isSlow())
  t.strictSame(counts, { waited: 0, stopped: 2, slow: 2 })
})
