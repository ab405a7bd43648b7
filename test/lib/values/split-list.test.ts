import t from 'tap'
import { splitList } from '../../../lib/values/split-list.ts'

t.test('commas and newlines separate entries, and empty ones do not count', async (t) => {
  t.strictSame(splitList(' a, b\n\n,c d,, ', 3), ['a', 'b', 'c d'])
  t.strictSame(splitList(',\n'.repeat(1000), 0), [])
})

t.test('too many entries are noticed at the first that is too many', async (t) => {
  t.equal(splitList('a,b,c,d', 3), undefined)
  t.equal(splitList('a,'.repeat(100_000), 3), undefined)
})
