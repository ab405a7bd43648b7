import t from 'tap'
import { pauseThrottledVaults } from '../../../keyvault/readers/pause-throttled-vaults.ts'
import { createVaultPauses, type VaultPauses } from '../../../keyvault/readers/vault-pauses.ts'
import { AkvError, type AkvErrorCode } from '../../../lib/errors/akv-error.ts'
import { secretAnswer } from '../../init-agent/harness/secret-answer.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { secret } from '../emulated-vault.ts'

const failure = (code: AkvErrorCode, retryAfterMs?: number) =>
  new AkvError({ code, message: 'x', retryAfterMs })

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

t.test('a 429 pauses its vault for every request, also of other readers', async (t) => {
  const clock = fakeClock({})
  const pauses = createVaultPauses({ clock, defaultPauseMs: 0 })
  const throttled = openReader(pauses, () => Promise.reject(failure('AKV_THROTTLED', 4_000)))
  const { reader, asked } = openReader(pauses)
  await t.rejects(throttled.reader.read(inVault('a')), { code: 'AKV_THROTTLED' })
  const refused = {
    code: 'AKV_THROTTLED',
    retryAfterMs: 4_000,
    message: 'vault a is throttling; it is not asked again before its pause is over',
  }
  await t.rejects(reader.read(inVault('a')), refused)
  await t.rejects(reader.listVersions(inVault('a')), refused)
  await reader.read(inVault('b'))
  t.strictSame(asked, ['b'])
  await clock.sleep(4_000)
  await reader.read(inVault('a'))
  await reader.listVersions(inVault('a'))
  t.strictSame(asked, ['b', 'a', 'a'])
})

t.test('neither a refusal nor a shorter pause changes the end of a pause', async (t) => {
  const clock = fakeClock({})
  const pauses = createVaultPauses({ clock, defaultPauseMs: 0 })
  const check = async () => pauses.check('a')
  pauses.record('a', failure('AKV_THROTTLED', 4_000))
  const refusal = await check().catch((error: unknown) => error)
  await clock.sleep(1_000)
  pauses.record('a', refusal)
  pauses.record('a', failure('AKV_THROTTLED', 1_000))
  await t.rejects(check(), { code: 'AKV_THROTTLED', retryAfterMs: 3_000 })
})

t.test('a vault that does not say for how long is paused for the default', async (t) => {
  for (const defaultPauseMs of [0, 5_000]) {
    const pauses = createVaultPauses({ clock: fakeClock({}), defaultPauseMs })
    pauses.record('a', failure('AKV_THROTTLED'))
    const check = async () => pauses.check('a')
    if (defaultPauseMs === 0) await check()
    else await t.rejects(check(), { code: 'AKV_THROTTLED', retryAfterMs: 5_000 })
  }
})

t.test('other failures pause nothing', async (t) => {
  const pauses = createVaultPauses({ clock: fakeClock({}), defaultPauseMs: 5_000 })
  for (const error of [failure('AKV_FORBIDDEN', 1_000), new TypeError('x'), 'text', undefined])
    pauses.record('a', error)
  t.doesNotThrow(() => pauses.check('a'))
})

t.test('pauses of any number of other vaults end no pause', async (t) => {
  const pauses = createVaultPauses({ clock: fakeClock({}), defaultPauseMs: 0 })
  pauses.record('a', failure('AKV_THROTTLED', 60_000))
  for (let i = 0; i < 100; i++) pauses.record(`vault-${i}`, failure('AKV_THROTTLED', 1))
  t.throws(() => pauses.check('a'), { code: 'AKV_THROTTLED' })
})
