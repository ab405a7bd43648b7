import t from 'tap'
import { VaultPauses } from '../../../keyvault/readers/vault-pauses.ts'
import { AkvError } from '../../../lib/errors/akv-error.ts'
import { createVaultPace } from '../../../sync/pace/vault-pace.ts'
import { fakeClock } from '../../support/fake-clock.ts'

function openPace() {
  const clock = fakeClock({})
  const { signal } = new AbortController()
  const pauses = new VaultPauses(clock)
  return { clock, pauses, pace: createVaultPace({ clock, signal, pauses }) }
}

const throttled = async () => {
  throw new AkvError('AKV_THROTTLED', 'x')
}

t.test('a burst is spread to 300 requests a second for each vault', async (t) => {
  const { clock, pace } = openPace()
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

t.test('a paused vault gets no requests', async (t) => {
  const { pauses, pace } = openPace()
  await t.rejects(pauses.request('a', throttled))
  await t.rejects(pace.turn('a'), { code: 'AKV_THROTTLED', retryAfterMs: 25_250 })
  await pace.turn('b')
})

t.test('a waiting request is refused, too, once the vault throttles', async (t) => {
  const { pauses, pace } = openPace()
  await pace.turn('a')
  const waiting = pace.turn('a')
  await t.rejects(pauses.request('a', throttled))
  await t.rejects(waiting, { code: 'AKV_THROTTLED' })
})

t.test('requests to many other vaults don’t shorten a queue', async (t) => {
  const { clock, pace } = openPace()
  const turns = Array.from({ length: 300 }, () => pace.turn('a'))
  for (let i = 0; i < 100; i++) await pace.turn(`vault-${i}`)
  const began = clock.now()
  await pace.turn('a')
  t.ok(clock.now() - began >= 900, 'it waits behind the 300')
  await Promise.all(turns)
})
