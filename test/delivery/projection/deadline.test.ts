import t from 'tap'
import {
  attended,
  firstFetchDeadline,
  fixedDeadline,
  notBefore,
} from '../../../delivery/projection/deadline.ts'
import { exampleConfig } from '../../init-agent/harness/example-config.ts'

const minuteMs = 60_000
const throttled = (nowMs: number, waitMs: number) =>
  ({ nowMs, waitMs, code: 'AKV_THROTTLED' }) as const

t.test('a wait for a throttling vault moves the end by as much', async (t) => {
  const deadline = firstFetchDeadline({ timeoutSeconds: 120 }, 0)
  t.equal(deadline.atMs(), 2 * minuteMs)
  deadline.extend(throttled(0, minuteMs))
  t.equal(deadline.atMs(), 3 * minuteMs)
  deadline.extend(throttled(90_000, 1_000))
  t.equal(deadline.atMs(), 3 * minuteMs + 1_000)
})

t.test('objects that wait at the same time move it once', async (t) => {
  const deadline = firstFetchDeadline({ timeoutSeconds: 60 }, 0)
  for (let object = 0; object < 50; object++) deadline.extend(throttled(0, minuteMs))
  t.equal(deadline.atMs(), 2 * minuteMs)
  deadline.extend(throttled(30_000, minuteMs))
  t.equal(deadline.atMs(), 2 * minuteMs + 30_000, 'only the part that nobody waited yet')
  deadline.extend(throttled(40_000, 1_000))
  t.equal(deadline.atMs(), 2 * minuteMs + 30_000)
})

t.test(
  'waits extend the deadline by 15 minutes in all, and a wait that doesn’t fit counts',
  async (t) => {
    const deadline = firstFetchDeadline({ timeoutSeconds: 60 }, 0)
    deadline.extend(throttled(0, 16 * minuteMs))
    t.equal(deadline.atMs(), minuteMs)
    deadline.extend(throttled(0, 14 * minuteMs))
    deadline.extend(throttled(14 * minuteMs, 2 * minuteMs))
    t.equal(deadline.atMs(), 15 * minuteMs)
    deadline.extend(throttled(14 * minuteMs, minuteMs))
    t.equal(deadline.atMs(), 16 * minuteMs)
    deadline.extend(throttled(15 * minuteMs, 1))
    t.equal(deadline.atMs(), 16 * minuteMs)
  },
)

t.test('without a timeout, no wait moves the deadline', async (t) => {
  for (const deadline of [firstFetchDeadline({ timeoutSeconds: 0 }, 7), fixedDeadline(7)]) {
    deadline.extend(throttled(0, minuteMs))
    t.equal(deadline.atMs(), 7)
  }
})

t.test('a deadline can have an earliest time, and still moves', async (t) => {
  const inner = firstFetchDeadline({ timeoutSeconds: 60 }, 0)
  const deadline = notBefore(90_000, inner)
  t.equal(deadline.atMs(), 90_000)
  deadline.extend(throttled(0, minuteMs))
  t.equal(deadline.atMs(), 2 * minuteMs)
})

t.test('a timeout starts again with each wait for an outage, and only then', async (t) => {
  const deadline = firstFetchDeadline({ timeoutSeconds: 900, outlastsOutages: true }, 0)
  t.equal(deadline.atMs(), 15 * minuteMs)
  for (const code of ['AKV_NETWORK', 'AKV_VAULT_UNAVAILABLE', 'AKV_THROTTLED'] as const) {
    t.equal(deadline.outlasts(code), true)
    const [nowMs, waitMs] = [deadline.atMs() - 1_000, 15_000]
    deadline.extend({ nowMs, waitMs, code })
    t.equal(deadline.atMs(), nowMs + waitMs + 15 * minuteMs)
  }
  const endMs = deadline.atMs()
  for (const code of [
    'AKV_FORBIDDEN',
    'AKV_FEDERATION_MISMATCH',
    'AKV_CERTIFICATE_ROTATING',
  ] as const) {
    t.equal(deadline.outlasts(code), false)
    deadline.extend({ nowMs: endMs - 1_000, waitMs: 15_000, code })
    t.equal(deadline.atMs(), endMs)
  }
})

t.test('at a terminal nobody waits for the end of an outage', async (t) => {
  const inPod = { ...exampleConfig, timeoutSeconds: 900, outlastsOutages: true } as const
  t.strictSame(attended(inPod), { ...exampleConfig, timeoutSeconds: 120 })
  const chosen = { ...exampleConfig, timeoutSeconds: 600 }
  t.strictSame(attended(chosen), chosen)
})
