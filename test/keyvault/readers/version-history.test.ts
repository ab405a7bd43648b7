import fc from 'fast-check'
import t from 'tap'
import type { ListedVersion } from '../../../keyvault/clients/object-client.ts'
import { isAmbiguous, pickVersions } from '../../../keyvault/readers/version-history.ts'
import { secret } from '../emulated-vault.ts'

const version = (digit: string) => digit.repeat(32)
const listed = (digit: string, createdAtMs: number, isEnabled = true): ListedVersion => ({
  version: version(digit),
  createdAtMs,
  isEnabled,
})
/** The digits of what was picked. */
const pick = (list: readonly ListedVersion[], count: number, start?: string, newest?: string) =>
  pickVersions(list, secret('a', start && version(start)), {
    count,
    newest: newest && version(newest),
  })
    .map((picked) => picked[0])
    .join('')

t.test('the newest come first, whatever the order of the list', async (t) => {
  const list = [listed('b', 2000), listed('c', 3000), listed('a', 1000)]
  t.equal(pick(list, 1), 'c')
  t.equal(pick(list, 2), 'cb')
  t.equal(pick(list, 9), 'cba', 'fewer where there are fewer')
})

t.test('a named version is the first, and older ones follow', async (t) => {
  const list = [listed('b', 2000), listed('c', 3000), listed('a', 1000)]
  t.equal(pick(list, 2, 'b'), 'ba')
  t.equal(pick(list, 2, 'a'), 'a')
})

t.test('disabled versions are skipped, and never begin one', async (t) => {
  const list = [listed('c', 3000, false), listed('b', 2000), listed('a', 1000)]
  t.equal(pick(list, 2), 'ba')
  t.throws(() => pick(list, 2, 'c'), { code: 'AKV_OBJECT_DISABLED', message: /is disabled$/ })
  t.throws(() => pick([listed('c', 1, false)], 1), { code: 'AKV_OBJECT_DISABLED' })
})

t.test('a version that there is not, and an empty list, are errors', async (t) => {
  t.throws(() => pick([listed('a', 1)], 2, 'f'), {
    code: 'AKV_OBJECT_NOT_FOUND',
    message: `secret team-a:a@${version('f')}: the version that the history should start with does not exist`,
  })
  t.throws(() => pick([], 2), { code: 'AKV_OBJECT_NOT_FOUND' })
})

t.test(
  'among versions of the same second, the vault’s newest is the first, and the order of the others is stable',
  async (t) => {
    const list = ['d', 'a', 'c', 'b'].map((digit) => listed(digit, 1000))
    t.equal(isAmbiguous(list), true)
    t.equal(isAmbiguous([listed('a', 1000), listed('b', 2000)]), false)
    t.equal(isAmbiguous([listed('a', 1000), listed('b', 1000, false)]), false)
    t.equal(isAmbiguous([]), false)
    fc.assert(
      fc.property(fc.shuffledSubarray(list, { minLength: 4 }), (shuffled) => {
        t.equal(pick(shuffled, 4), 'abcd')
        t.equal(pick(shuffled, 4, undefined, 'c'), 'cabd')
      }),
      { numRuns: 24 },
    )
  },
)
