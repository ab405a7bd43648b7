import t from 'tap'
import {
  firstFetchDeadline,
  fixedDeadline,
  notBefore,
} from '../../../delivery/projection/deadline.ts'

const minuteMs = 60_000

t.test('a wait for a throttling vault moves the end by as much', async (t) => {
  const deadline = firstFetchDeadline({ timeoutSeconds: 120 }, 0)
  t.equal(deadline.atMs(), 2 * minuteMs)
  deadline.extend({ nowMs: 0, waitMs: minuteMs })
  t.equal(deadline.atMs(), 3 * minuteMs)
  deadline.extend({ nowMs: 90_000, waitMs: 1_000 })
  t.equal(deadline.atMs(), 3 * minuteMs + 1_000)
})

t.test('objects that wait at the same time move it once', async (t) => {
  const deadline = firstFetchDeadline({ timeoutSeconds: 60 }, 0)
  for (let object = 0; object < 50; object++) deadline.extend({ nowMs: 0, waitMs: minuteMs })
  t.equal(deadline.atMs(), 2 * minuteMs)
  deadline.extend({ nowMs: 30_000, waitMs: minuteMs })
  t.equal(deadline.atMs(), 2 * minuteMs + 30_000, 'only the part that nobody waited yet')
  deadline.extend({ nowMs: 40_000, waitMs: 1_000 })
  t.equal(deadline.atMs(), 2 * minuteMs + 30_000)
})

t.test(
  'waits extend the deadline by 15 minutes in all, and a wait that doesn’t fit counts',
  async (t) => {
    const deadline = firstFetchDeadline({ timeoutSeconds: 60 }, 0)
    deadline.extend({ nowMs: 0, waitMs: 16 * minuteMs })
    t.equal(deadline.atMs(), minuteMs)
    deadline.extend({ nowMs: 0, waitMs: 14 * minuteMs })
    deadline.extend({ nowMs: 14 * minuteMs, waitMs: 2 * minuteMs })
    t.equal(deadline.atMs(), 15 * minuteMs)
    deadline.extend({ nowMs: 14 * minuteMs, waitMs: minuteMs })
    t.equal(deadline.atMs(), 16 * minuteMs)
    deadline.extend({ nowMs: 15 * minuteMs, waitMs: 1 })
    t.equal(deadline.atMs(), 16 * minuteMs)
  },
)

t.test('without a timeout, no wait moves the deadline', async (t) => {
  for (const deadline of [firstFetchDeadline({ timeoutSeconds: 0 }, 7), fixedDeadline(7)]) {
    deadline.extend({ nowMs: 0, waitMs: minuteMs })
    t.equal(deadline.atMs(), 7)
  }
})

t.test('a deadline can have an earliest time, and still moves', async (t) => {
  const inner = firstFetchDeadline({ timeoutSeconds: 60 }, 0)
  const deadline = notBefore(90_000, inner)
  t.equal(deadline.atMs(), 90_000)
  deadline.extend({ nowMs: 0, waitMs: minuteMs })
  t.equal(deadline.atMs(), 2 * minuteMs)
})
