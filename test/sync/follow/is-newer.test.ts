import t from 'tap'
import { isNewer } from '../../../sync/follow/is-newer.ts'

t.test('versions are compared as numbers of any length', async (t) => {
  for (const [older, newer] of [
    ['', '1'],
    ['9', '10'],
    ['99', '100'],
    ['100', '101'],
    ['18446744073709551615', '18446744073709551616'],
  ] as const) {
    t.ok(isNewer(newer, older))
    t.notOk(isNewer(older, newer))
    t.notOk(isNewer(newer, newer))
  }
})
