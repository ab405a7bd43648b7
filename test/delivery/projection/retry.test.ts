import t from 'tap'
import { fixedDeadline } from '../../../delivery/projection/deadline.ts'
import { retry } from '../../../delivery/projection/retry.ts'
import { AkvError } from '../../../lib/errors/akv-error.ts'
import { fakeClock } from '../../support/fake-clock.ts'

const retryable = (retryAfterMs?: number) => new AkvError('AKV_NETWORK', 'cut', { retryAfterMs })
const permanent = new AkvError('AKV_BAD_REQUEST', 'no')

/** Fails with these errors, then succeeds. */
function failing(...errors: unknown[]) {
  let tries = 0
  const attempt = async () => {
    const error = errors[tries++]
    if (error !== undefined) throw error
    return 'value'
  }
  return { attempt, tries: () => tries }
}

t.test('a retry waits a random part of a span that doubles up to a limit', async (t) => {
  const errors = Array.from({ length: 8 }, () => retryable())
  for (const random of [0, 0.5, 0.999]) {
    const clock = fakeClock({ random })
    const deadlineMs = clock.now() + 3_600_000
    t.equal(
      await retry(failing(...errors).attempt, {
        clock,
        deadline: fixedDeadline(deadlineMs),
        onFailure: () => undefined,
      }),
      'value',
    )
    const spans = [500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]
    t.strictSame(
      clock.waits,
      spans.map((span) => span * random),
    )
  }
})

t.test('a Retry-After is added to the wait', async (t) => {
  const clock = fakeClock({ random: 0.5 })
  const deadlineMs = clock.now() + 60_000
  await retry(failing(retryable(7000)).attempt, {
    clock,
    deadline: fixedDeadline(deadlineMs),
    onFailure: () => undefined,
  })
  t.strictSame(clock.waits, [7250])
})

t.test('the pause of a throttling vault is random already, so nothing is added', async (t) => {
  const clock = fakeClock({ random: 0.5 })
  const throttled = new AkvError('AKV_THROTTLED', 'x', { retryAfterMs: 15_000 })
  await retry(failing(throttled, throttled).attempt, {
    clock,
    deadline: fixedDeadline(Infinity),
    onFailure: () => undefined,
  })
  t.strictSame(clock.waits, [15_000, 15_000])
})

t.test('an error that isn’t retryable is thrown at once', async (t) => {
  for (const error of [permanent, new TypeError('x'), 'text']) {
    const clock = fakeClock({})
    const { attempt, tries } = failing(error)
    const options = {
      clock,
      deadline: fixedDeadline(Infinity),
      onFailure: () => t.fail('not to be waited out'),
    }
    t.equal(await retry(attempt, options).catch((thrown) => thrown), error)
    t.equal(tries(), 1)
  }
})

t.test('each failure is reported before the wait', async (t) => {
  const told: string[] = []
  const clock = fakeClock({ onSleep: () => told.push('wait') })
  const deadlineMs = clock.now() + 60_000
  const onFailure = ({ code }: AkvError) => told.push(code)
  await retry(failing(retryable(), retryable()).attempt, {
    clock,
    deadline: fixedDeadline(deadlineMs),
    onFailure,
  })
  t.strictSame(told, ['AKV_NETWORK', 'wait', 'AKV_NETWORK', 'wait'])
})

t.test('a retry tries a last time at the deadline, and throws the last error', async (t) => {
  const clock = fakeClock({ random: 0.999 })
  const deadlineMs = clock.now() + 2000
  const last = retryable()
  const { attempt, tries } = failing(retryable(), retryable(), retryable(), last, 'not reached')
  const thrown = await retry(attempt, {
    clock,
    deadline: fixedDeadline(deadlineMs),
    onFailure: () => undefined,
  }).catch((error) => error)
  t.equal(clock.now(), deadlineMs)
  t.equal(tries(), 4)
  t.equal(thrown, last)
})

t.test('with a deadline in the past, a request is tried once', async (t) => {
  const clock = fakeClock({})
  const { attempt, tries } = failing(retryable())
  const options = {
    clock,
    deadline: fixedDeadline(clock.now()),
    onFailure: () => t.fail('nothing to wait for'),
  }
  await t.rejects(retry(attempt, options), { code: 'AKV_NETWORK' })
  t.equal(tries(), 1)
})

t.test('a pause beyond the deadline ends at the deadline, without another try', async (t) => {
  const clock = fakeClock({})
  const deadlineMs = clock.now() + 5000
  const options = { clock, deadline: fixedDeadline(deadlineMs), onFailure: () => undefined }
  const { attempt, tries } = failing(retryable(6000), retryable())
  await t.rejects(retry(attempt, options), { code: 'AKV_NETWORK' })
  t.strictSame(clock.waits, [5000])
  t.equal(tries(), 1)
})

t.test('an abort ends the waiting', async (t) => {
  const stop = new AbortController()
  const clock = fakeClock({ onSleep: () => stop.abort() })
  const { attempt, tries } = failing(retryable(), retryable())
  const { signal } = stop
  const options = { clock, deadline: fixedDeadline(Infinity), signal, onFailure: () => undefined }
  await t.rejects(retry(attempt, options), { code: 'AKV_NETWORK' })
  t.equal(tries(), 1)
})

t.test('after SIGTERM a failure ends the retries, and nobody hears of it', async (t) => {
  const clock = fakeClock({ random: 0.5 })
  const ended = new AbortController()
  const { attempt, tries } = failing(retryable(), retryable())
  const failures: unknown[] = []
  const options = {
    clock,
    deadline: fixedDeadline(clock.now() + 60_000),
    signal: ended.signal,
    onFailure: (error: unknown) => failures.push(error),
  }
  const stopped = async () => {
    ended.abort()
    return await attempt()
  }
  await t.rejects(retry(stopped, options), { code: 'AKV_NETWORK' })
  t.equal(tries(), 1)
  t.strictSame(failures, [])
  t.strictSame(clock.waits, [])
})
