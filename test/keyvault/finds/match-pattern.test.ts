import t from 'tap'
import { matchName } from '../../../keyvault/finds/match-pattern.ts'

t.test('a star stands for any number of characters, and case doesn’t matter', async (t) => {
  for (const [pattern, found, others] of [
    ['*', ['a', 'A-b'], []],
    ['shop-*', ['shop-', 'Shop-db'], ['shop', 'a-shop-b']],
    ['*-db', ['-db', 'a-DB'], ['a-dbs']],
    ['a*b*c', ['abc', 'a-b-c', 'abbcc'], ['acb', 'ab', 'abcd']],
    ['ab*ba', ['abba', 'ab-ba'], ['aba']],
    ['**', ['', 'a'], []],
    ['db', ['db', 'DB'], ['db2', 'adb']],
  ] as const) {
    const isFound = matchName(pattern)
    for (const name of found) t.equal(isFound(name), true, `${pattern} finds ${name}`)
    for (const name of others) t.equal(isFound(name), false, `${pattern} doesn't find ${name}`)
  }
})

t.test('the longest pattern and name take few steps', async (t) => {
  const isFound = matchName('a*'.repeat(63))
  t.equal(isFound('a'.repeat(127)), true)
  t.equal(isFound(`${'a'.repeat(62)}${'b'.repeat(65)}`), false)
})
