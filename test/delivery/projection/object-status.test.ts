import t from 'tap'
import {
  failedStatus,
  goodStatus,
  staleSeconds,
  unknownStatus,
  unservedStatus,
} from '../../../delivery/projection/object-status.ts'
import { AkvError } from '../../../lib/errors/akv-error.ts'

const error = new AkvError('AKV_FORBIDDEN', 'no role')
const minutes = 60_000

/** How many intervals until it is due, after each of these failures in a row. */
function backOff(intervalMs: number, failures: number): number[] {
  const waits: number[] = []
  for (let status = goodStatus(0), i = 0; i < failures; i++) {
    status = failedStatus(status, { error, nowMs: 0, intervalMs })
    waits.push(status.dueAtMs / intervalMs + 0.5)
  }
  return waits
}

t.test('a failing object skips more and more refreshes, within bounds', async (t) => {
  t.strictSame(backOff(30_000, 6), [1, 2, 4, 8, 8, 8])
  t.strictSame(backOff(5 * minutes, 4), [1, 2, 3, 3], 'no longer than a quarter of an hour')
  t.strictSame(backOff(60 * minutes, 3), [1, 1, 1], 'or one interval')
})

t.test('the back-off is never shorter than Retry-After', async (t) => {
  const throttled = new AkvError('AKV_THROTTLED', 'x', { retryAfterMs: 90_000 })
  const failed = failedStatus(goodStatus(0), { error: throttled, nowMs: 0, intervalMs: 30_000 })
  t.equal(failed.dueAtMs, 90_000)
})

t.test('in an outage, an object is due at each refresh, but not during a pause', async (t) => {
  const once = failedStatus(goodStatus(0), { error, nowMs: 0, intervalMs: 30_000 })
  const outage = new AkvError('AKV_NETWORK', 'x')
  t.match(unservedStatus(once, { error: outage, nowMs: 5_000 }), {
    failures: 1,
    dueAtMs: 5_000,
    goodAtMs: 0,
    error: outage,
  })
  const paused = new AkvError('AKV_THROTTLED', 'x', { retryAfterMs: 7_000 })
  t.match(unservedStatus(once, { error: paused, nowMs: 5_000 }), { failures: 1, dueAtMs: 12_000 })
})

t.test('staleness counts from when the value was last good', async (t) => {
  const failed = failedStatus(goodStatus(5000), { error, nowMs: 9000, intervalMs: 30_000 })
  t.equal(staleSeconds(failed, 65_900), 60)
  t.equal(staleSeconds(failed, 0), 0, 'whatever the clock does')
  t.equal(
    staleSeconds(failedStatus(unknownStatus, { error, nowMs: 0, intervalMs: 1 }), 9),
    undefined,
  )
  t.equal(goodStatus(1).failures, 0)
})
