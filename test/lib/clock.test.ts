import t from 'tap'
import { systemClock } from '../../lib/clock.ts'

t.test('a sleep of a year does not end at once', async (t) => {
  const stop = new AbortController()
  let hasEnded = false
  const asleep = systemClock.sleep(365 * 24 * 3600 * 1000, stop.signal).then(() => {
    hasEnded = true
  })
  await systemClock.sleep(50)
  t.notOk(hasEnded)
  stop.abort()
  await asleep
  t.ok(hasEnded, 'and ends without an error when it is told to')
})
