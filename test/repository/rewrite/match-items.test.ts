import t from 'tap'
import { matchItems } from '../../../repository/rewrite/match-items.ts'

const named = (...names: readonly string[]) => names.map((name, i) => ({ name, i }))

t.test('new items are told from old ones', async (t) => {
  t.strictSame(matchItems([1, 2], [1, 3, 2]), [0, undefined, 1])
  t.strictSame(matchItems([1, 2, 3], [1, 3]), [0, 2])
  t.strictSame(matchItems(['a'], ['b']), [0], 'the same length, so the same places')
  const [a, b, c] = named('a', 'b', 'c')
  t.strictSame(
    matchItems([a, b, c], [{ name: 'a' }, { name: 'x' }, { name: 'b' }, { name: 'c' }]),
    [0, undefined, 1, 2],
  )
  t.strictSame(matchItems([a, b, a], [{ name: 'a' }, { name: 'a' }]), [0, 2])
})

t.test('objects of a List are told by kind, namespace and name', async (t) => {
  const object = (kind: string, namespace: string, more: object = {}) => ({
    kind,
    metadata: { name: 'web', namespace, ...more },
  })
  const before = [object('Service', 'a'), object('Pod', 'a'), object('Pod', 'b')]
  const after = [object('Pod', 'a', { labels: {} }), object('Pod', 'b', { labels: {} })]
  t.strictSame(matchItems(before, after), [1, 2])
  t.strictSame(matchItems(before, [object('Pod', 'c')]), [undefined])
})

t.test('many items of one name are matched in linear time', async (t) => {
  const before = Array.from({ length: 100_000 }, (_, i) => ({ name: 'same', i }))
  const after = [...before.map(({ i }) => ({ name: 'same', i, is: 'new' })), { name: 'same' }]
  const matched = matchItems(before, after)
  t.strictSame(matched.slice(0, 2), [0, 1])
  t.equal(matched.at(-1), undefined)
})
