import t from 'tap'
import { createSleep } from '../../lib/sleep.ts'

t.test(
  'a long sleep takes several timers, and the time that the machine is suspended counts',
  async (t) => {
    for (const [suspendedMs, expected] of [
      [0, 120],
      [3_600_000, 60],
      [36_000_000, 3],
    ] as const) {
      const timers: number[] = []
      let nowMs = 5_000
      const sleep = createSleep({
        now: () => nowMs,
        async timer(ms) {
          timers.push(ms)
          nowMs += ms + (timers.length === 3 ? suspendedMs : 0)
        },
      })
      await sleep(2 * 3_600_000)
      t.equal(timers.length, expected, `${suspendedMs} ms`)
      t.equal(Math.max(...timers), 60_000)
    }
  },
)

t.test('a short sleep is one timer, and an abort ends a long one', async (t) => {
  const stop = new AbortController()
  const timers: number[] = []
  const sleep = createSleep({
    now: () => 0,
    async timer(ms) {
      timers.push(ms)
      if (timers.length === 5) stop.abort()
    },
  })
  await sleep(0, stop.signal)
  await sleep(60_000, stop.signal)
  t.strictSame(timers, [0, 60_000])
  await sleep(Number.POSITIVE_INFINITY, stop.signal)
  t.equal(timers.length, 5)
})
