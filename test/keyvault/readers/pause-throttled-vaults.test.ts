import t from 'tap'
import { pauseThrottledVaults, VaultPauses } from '../../../keyvault/readers/vault-pauses.ts'
import { AkvError, type AkvErrorCode } from '../../../lib/errors/akv-error.ts'
import { secretAnswer } from '../../init-agent/harness/secret-answer.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { secretPagesOf } from '../../support/secret-pages.ts'
import { secret } from '../emulated-vault.ts'

const failure = (code: AkvErrorCode, retryAfterMs?: number) =>
  new AkvError(code, 'x', { retryAfterMs })

function openReader(
  pauses: VaultPauses,
  answer: () => Promise<ReturnType<typeof secretAnswer>> = async () => secretAnswer('x'),
) {
  const asked: string[] = []
  const reader = pauseThrottledVaults(
    {
      async read({ vault }) {
        asked.push(vault)
        return await answer()
      },
      secretPages: () => secretPagesOf(),
      async listVersions({ vault }) {
        asked.push(vault)
        return []
      },
    },
    pauses,
  )
  return { reader, asked }
}

const inVault = (vault: string) => ({ ...secret('db'), vault })

/** The first pauses of a vault, by the constant chance of `fakeClock`. `BackOff` has tests of its own. */
const firstPauseMs = 25_250
const secondPauseMs = 56_430

/** Lets one request to the vault be throttled. Resolves with how long the vault is then paused. */
async function throttle(
  pauses: VaultPauses,
  options: { vault?: string; retryAfterMs?: number | undefined },
) {
  const { vault = 'a', retryAfterMs } = options
  const refused: unknown = await pauses
    .request(vault, () => Promise.reject(failure('AKV_THROTTLED', retryAfterMs)))
    .catch((error: unknown) => error)
  return (refused as AkvError).retryAfterMs
}

t.test('a 429 pauses its vault for every request, also of other readers', async (t) => {
  const clock = fakeClock({})
  const pauses = new VaultPauses(clock)
  const throttled = openReader(pauses, () => Promise.reject(failure('AKV_THROTTLED')))
  const { reader, asked } = openReader(pauses)
  await t.rejects(throttled.reader.read(inVault('a')), { retryAfterMs: firstPauseMs, message: 'x' })
  const refused = {
    code: 'AKV_THROTTLED',
    retryAfterMs: firstPauseMs,
    message: 'vault a is throttling; it is not asked again before its pause is over',
  }
  await t.rejects(reader.read(inVault('a')), refused)
  await t.rejects(reader.listVersions(inVault('a')), refused)
  await reader.read(inVault('b'))
  t.strictSame(asked, ['b'])
  await clock.sleep(firstPauseMs)
  await reader.read(inVault('a'))
  await reader.listVersions(inVault('a'))
  t.strictSame(asked, ['b', 'a', 'a'])
})

t.test('a vault that has not throttled for a minute starts over', async (t) => {
  const clock = fakeClock({})
  const pauses = new VaultPauses(clock)
  await throttle(pauses, {})
  await clock.sleep(firstPauseMs + 60_000)
  t.equal(await throttle(pauses, {}), firstPauseMs)
})

t.test('a refusal does not change the end of a pause; a later Retry-After does', async (t) => {
  const clock = fakeClock({})
  const pauses = new VaultPauses(clock)
  await pauses.request('a', async () => 'x')
  const inFlight = Promise.withResolvers<never>()
  const late = pauses.request('a', () => inFlight.promise)
  await throttle(pauses, {})
  await t.rejects(pauses.request('a', async () => t.fail('not during the pause')))
  await clock.sleep(1_000)
  t.throws(() => pauses.check('a'), { code: 'AKV_THROTTLED', retryAfterMs: firstPauseMs - 1_000 })
  inFlight.reject(failure('AKV_THROTTLED', 40_000))
  await t.rejects(late, { code: 'AKV_THROTTLED', retryAfterMs: 40_000 })
  t.throws(() => pauses.check('a'), { code: 'AKV_THROTTLED', retryAfterMs: 40_000 })
})

/** Sends requests until as many are in flight as the vault may get. */
function openLoad(pauses: VaultPauses) {
  const sent: PromiseWithResolvers<string>[] = []
  const ends: Promise<unknown>[] = []
  return {
    sent,
    ends,
    add(count: number) {
      for (let i = 0; i < count; i++) {
        const request = pauses.request('a', () => {
          const answer = Promise.withResolvers<string>()
          sent.push(answer)
          return answer.promise
        })
        ends.push(request.catch((error: AkvError) => error.code))
      }
    },
  }
}

const settle = () => new Promise(setImmediate)

t.test(
  'after a pause of a vault, one request is sent first, and more as the vault answers',
  async (t) => {
    const clock = fakeClock({})
    const pauses = new VaultPauses(clock)
    const { sent, ends, add } = openLoad(pauses)
    add(20)
    await settle()
    t.equal(sent.length, 1, 'the vault has not answered yet')
    sent[0]?.resolve('x')
    await settle()
    t.equal(sent.length, 20, 'it has')
    for (const { resolve } of sent.splice(0)) resolve('x')
    await throttle(pauses, {})
    await clock.sleep(firstPauseMs)
    add(30)
    await settle()
    for (let answered = 0; answered < 10; answered++) {
      t.equal(sent.length, answered + 1)
      sent[answered]?.resolve('x')
      await settle()
    }
    t.equal(sent.length, 12, 'two at a time after ten answers')
    for (let answered = 10; answered < 30; answered++) {
      sent[answered]?.resolve('x')
      await settle()
    }
    t.equal((await Promise.all(ends)).filter((end) => end === 'x').length, 50)
  },
)

/** Five requests to a vault whose pause has just ended. */
async function loadAfterPause() {
  const clock = fakeClock({})
  const pauses = new VaultPauses(clock)
  await throttle(pauses, {})
  await clock.sleep(firstPauseMs)
  const { sent, ends, add } = openLoad(pauses)
  add(5)
  await settle()
  return { clock, pauses, sent, ends }
}

t.test('if the first request is throttled again, those that wait are refused', async (t) => {
  const { pauses, sent, ends } = await loadAfterPause()
  sent[0]?.reject(failure('AKV_THROTTLED'))
  t.strictSame(await Promise.all(ends), Array(5).fill('AKV_THROTTLED'))
  t.equal(sent.length, 1)
  t.throws(() => pauses.check('a'), { code: 'AKV_THROTTLED', retryAfterMs: secondPauseMs })
})

t.test('requests never wait one by one for the timeouts of a vault that is gone', async (t) => {
  for (const code of ['AKV_NETWORK', 'AKV_VAULT_UNAVAILABLE', 'AKV_BAD_ANSWER'] as const) {
    const { sent, ends, add } = openLoad(new VaultPauses(fakeClock({})))
    add(5)
    await settle()
    sent[0]?.reject(failure(code))
    t.strictSame(await Promise.all(ends), Array(5).fill(code))
    t.equal(sent.length, 1)
    add(2)
    await settle()
    t.equal(sent.length, 2, 'the next one goes alone, too')
    sent[1]?.resolve('x')
    await settle()
    sent[2]?.resolve('x')
    t.strictSame((await Promise.all(ends)).slice(5), ['x', 'x'])
  }
})

t.test('a failure of one object opens the vault as an answer does', async (t) => {
  for (const code of ['AKV_FORBIDDEN', 'AKV_OBJECT_NOT_FOUND', 'AKV_UNAUTHORIZED'] as const) {
    const { sent, ends, add } = openLoad(new VaultPauses(fakeClock({})))
    add(5)
    await settle()
    sent[0]?.reject(failure(code))
    await settle()
    t.equal(sent.length, 5)
    for (const { resolve } of sent) resolve('x')
    t.strictSame(await Promise.all(ends), [code, 'x', 'x', 'x', 'x'])
  }
})

t.test('a 503 with a Retry-After pauses the vault for just that time', async (t) => {
  const clock = fakeClock({})
  const pauses = new VaultPauses(clock)
  const failed = pauses.request('a', async () => {
    throw failure('AKV_VAULT_UNAVAILABLE', 3_000)
  })
  await t.rejects(failed, { code: 'AKV_VAULT_UNAVAILABLE', retryAfterMs: 3_000 })
  await clock.sleep(1_000)
  t.throws(() => pauses.check('a'), {
    code: 'AKV_VAULT_UNAVAILABLE',
    retryAfterMs: 2_000,
    message: 'vault a is failing; it is not asked again before its pause is over',
  })
  await clock.sleep(2_000)
  t.doesNotThrow(() => pauses.check('a'))
})

t.test('requests that wait go on if the pause is forgotten meanwhile', async (t) => {
  const { clock, sent, ends } = await loadAfterPause()
  await clock.sleep(60_000)
  sent[0]?.resolve('x')
  await settle()
  t.equal(sent.length, 5)
  for (const { resolve } of sent) resolve('x')
  await Promise.all(ends)
})

t.test('other failures pause nothing', async (t) => {
  const pauses = new VaultPauses(fakeClock({}))
  for (const error of [failure('AKV_FORBIDDEN', 1_000), new TypeError('x'), 'text', undefined])
    await pauses.request('a', () => Promise.reject(error)).catch(() => undefined)
  t.doesNotThrow(() => pauses.check('a'))
})

t.test('pauses of any number of other vaults end no pause', async (t) => {
  const pauses = new VaultPauses(fakeClock({}))
  await throttle(pauses, { retryAfterMs: 60_000 })
  for (let i = 0; i < 100; i++) await throttle(pauses, { vault: `vault-${i}` })
  t.throws(() => pauses.check('a'), { code: 'AKV_THROTTLED' })
})

t.test('the error that begins a pause keeps what Azure calls the request', async (t) => {
  const azureIds = { requestId: '10000000-0000-0000-0000-00000000000f' }
  for (const code of ['AKV_THROTTLED', 'AKV_VAULT_UNAVAILABLE'] as const) {
    const answer = () => Promise.reject(new AkvError(code, 'x', { retryAfterMs: 1_000, azureIds }))
    await t.rejects(openReader(new VaultPauses(fakeClock({})), answer).reader.read(inVault('a')), {
      code,
      azureIds,
    })
  }
})
