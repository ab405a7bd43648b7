import t from 'tap'
import { createStopwatch, onTurnEnd } from '../../../lib/fair/stopwatch.ts'

function manualClock() {
  let nowMs = 0
  return {
    now: () => nowMs,
    pass(ms: number) {
      nowMs += ms
    },
  }
}

t.test('a stopwatch adds up what work takes, also if it fails', async (t) => {
  const clock = manualClock()
  const stopwatch = createStopwatch(clock)
  t.equal(
    stopwatch.time(() => {
      clock.pass(3)
      return 'done'
    }),
    'done',
  )
  clock.pass(100)
  t.throws(() =>
    stopwatch.time(() => {
      clock.pass(2)
      throw new Error('failed')
    }),
  )
  t.equal(stopwatch.microseconds(), 5_000)
})

t.test('what is done in a turn of the event loop is measured, with its promises', async (t) => {
  const clock = manualClock()
  const costs: number[] = []
  const work = async () => {
    onTurnEnd(clock, (microseconds) => costs.push(microseconds))
    clock.pass(1)
    for (let i = 0; i < 10; i++) {
      await undefined
      clock.pass(1)
    }
    process.nextTick(() => clock.pass(100))
    await new Promise(setImmediate)
    clock.pass(100)
  }
  await work()
  t.strictSame(costs, [11_000])
  await new Promise((resolve) => setImmediate(() => resolve(work())))
  t.equal(costs.length, 2)
})
