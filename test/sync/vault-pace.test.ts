import t from 'tap'
import { AkvError } from '../../lib/errors/akv-error.ts'
import { createVaultPace } from '../../sync/vault-pace.ts'
import { fakeClock } from '../init-agent/fake-clock.ts'

const signal = new AbortController().signal
const throttled = (retryAfterMs?: number) =>
  new AkvError({ code: 'AKV_THROTTLED', message: 'x', retryAfterMs })

t.test('a burst is spread to 300 a second for each vault', async (t) => {
  const clock = fakeClock({})
  const pace = createVaultPace(clock, signal)
  const began = clock.now()
  const times: number[] = []
  const ask = async (vault: string) => {
    await pace.turn(vault)
    times.push(clock.now() - began)
  }
  await Promise.all(Array.from({ length: 900 }, () => ask('a')))
  const inFirstSecond = times.filter((time) => time < 1000).length
  t.ok(inFirstSecond <= 301, `${inFirstSecond} in the first second`)
  t.ok(Math.max(...times) >= 2990, 'three seconds for 900')
  const before = clock.now()
  await pace.turn('b')
  t.equal(clock.now(), before, 'another vault is not concerned')
})

t.test('a pause holds for all, and ends', async (t) => {
  const clock = fakeClock({})
  const pace = createVaultPace(clock, signal)
  pace.failed('a', throttled(4_000))
  const error = await pace.turn('a').catch((error: unknown) => error)
  t.match(error, { code: 'AKV_THROTTLED', retryAfterMs: 4_000 })
  await pace.turn('b')
  await clock.sleep(1_000)
  pace.failed('a', error as AkvError)
  await t.rejects(
    pace.turn('a'),
    { code: 'AKV_THROTTLED', retryAfterMs: 3_000 },
    'its own refusal prolongs nothing',
  )
  pace.failed('a', throttled(1_000))
  await t.rejects(
    pace.turn('a'),
    { code: 'AKV_THROTTLED', retryAfterMs: 3_000 },
    'nor does a shorter one cut it',
  )
  await clock.sleep(3_000)
  await pace.turn('a')
})

t.test('a vault that does not say for how long gets five seconds', async (t) => {
  const pace = createVaultPace(fakeClock({}), signal)
  pace.failed('a', throttled())
  await t.rejects(pace.turn('a'), { code: 'AKV_THROTTLED', retryAfterMs: 5_000 })
})

t.test('who waits when a vault begins to throttle is refused, too', async (t) => {
  const clock = fakeClock({})
  const pace = createVaultPace(clock, signal)
  await pace.turn('a')
  const waiting = pace.turn('a')
  pace.failed('a', throttled(1_000))
  await t.rejects(waiting, { code: 'AKV_THROTTLED' })
})

t.test('other failures are no reason to pause', async (t) => {
  const pace = createVaultPace(fakeClock({}), signal)
  pace.failed('a', new AkvError({ code: 'AKV_FORBIDDEN', message: 'x', retryAfterMs: 1_000 }))
  await pace.turn('a')
  t.pass('it was not refused')
})

t.test('who is asked for the first time makes nobody’s pause forgotten', async (t) => {
  const clock = fakeClock({})
  const pace = createVaultPace(clock, signal)
  pace.failed('a', throttled(60_000))
  for (let i = 0; i < 100; i++) await pace.turn(`vault-${i}`)
  await t.rejects(pace.turn('a'), { code: 'AKV_THROTTLED' })
})
