import t from 'tap'
import { firstFetchDeadline, fixedDeadline } from '../../../delivery/projection/deadline.ts'
import { endHangingFetch } from '../../../init-agent/fetch/end-hanging-fetch.ts'
import { fakeClock } from '../../support/fake-clock.ts'

const never = new Promise<never>(() => undefined)

t.test('a fetch that hangs is ended well after its deadline', async (t) => {
  const clock = fakeClock({})
  const startMs = clock.now()
  const deadline = fixedDeadline(startMs + 120_000)
  await t.rejects(endHangingFetch(never, { clock, deadline }), {
    code: 'AKV_NETWORK',
    message: 'the first fetch was still running 30 s after its time was over',
  })
  t.equal(clock.now(), startMs + 150_000)
})

t.test('the end of a hanging fetch waits for a deadline that has moved meanwhile', async (t) => {
  const clock = fakeClock({
    onSleep: (nowMs) => deadline.extend({ nowMs, waitMs: 600_000, code: 'AKV_THROTTLED' }),
  })
  const startMs = clock.now()
  const deadline = firstFetchDeadline({ timeoutSeconds: 60 }, startMs)
  await t.rejects(endHangingFetch(never, { clock, deadline }), { code: 'AKV_NETWORK' })
  t.equal(clock.now(), startMs + 60_000 + 600_000 + 30_000)
})

t.test('a fetch that ends in time passes on its result, and the timer ends', async (t) => {
  let isWoken = false
  let sleeps = 0
  const clock = {
    ...fakeClock({}),
    sleep(_ms: number, signal?: AbortSignal) {
      sleeps++
      return new Promise<void>((resolve) =>
        signal?.addEventListener('abort', () => {
          isWoken = true
          resolve()
        }),
      )
    },
  }
  const deadline = fixedDeadline(clock.now() + 1)
  t.equal(await endHangingFetch(Promise.resolve(7), { clock, deadline }), 7)
  t.ok(isWoken)
  await new Promise(setImmediate)
  t.equal(sleeps, 1, 'nothing sleeps again')
  const failure = new Error('x')
  await t.rejects(endHangingFetch(Promise.reject(failure), { clock, deadline }), failure)
})
