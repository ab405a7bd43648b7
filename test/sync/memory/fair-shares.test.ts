import fc from 'fast-check'
import t from 'tap'
import { FairShares } from '../../../sync/memory/fair-shares.ts'
import { numRuns } from '../../support/property-runs.ts'

t.test('a namespace gets what the others leave, up to a quarter and its own part', async (t) => {
  const shares = new FairShares({ maxBytes: 1000, namespaces: 5 })
  t.ok(shares.hold('a', 'x', 350))
  t.notOk(shares.hold('a', 'y', 1))
  t.equal(shares.roomFor('a', 'x'), 350)
  t.ok(shares.hold('b', 'x', 100), 'its own part')
  t.ok(shares.hold('b', 'y', 125), 'and half of what is left')
  t.notOk(shares.hold('b', 'z', 1))
})

t.test('the namespace that comes last still gets its own share', async (t) => {
  const shares = new FairShares({ maxBytes: 1000, namespaces: 5 })
  for (const greedy of ['a', 'b', 'c', 'd'])
    while (shares.hold(greedy, `${shares.roomFor(greedy, '')}`, 1));
  t.ok(shares.hold('e', 'x', 100))
  t.ok(shares.hold('e', 'y', 10), 'and more')
})

t.test('a key that can’t have more keeps what it had', async (t) => {
  const shares = new FairShares({ maxBytes: 100, namespaces: 1 })
  t.ok(shares.hold('a', 'x', 70))
  t.notOk(shares.hold('a', 'x', 80))
  t.equal(shares.roomFor('a', 'y'), 5)
  t.ok(shares.hold('a', 'x', 60))
  shares.release('a', 'x')
  shares.release('a', 'absent')
  t.equal(shares.roomFor('a', 'y'), 75)
})

t.test('the number of namespaces may change, and what one held is free when it ends', async (t) => {
  const shares = new FairShares({ maxBytes: 1000, namespaces: 1 })
  t.ok(shares.hold('a', 'x', 500))
  shares.divide(5)
  t.equal(shares.roomFor('b', 'x'), 100 + 50, '400 bytes are lent to the first one')
  t.notOk(shares.hold('a', 'y', 1), 'it keeps what it has, and gets no more')
  shares.releaseAll('a')
  shares.releaseAll('absent')
  t.equal(shares.roomFor('b', 'x'), 350)
  t.equal(shares.roomFor('a', 'x'), 350)
})

t.test(
  'in any order, namespaces get at most what there is and at least their own share',
  async () => {
    const maxBytes = 10_000
    const namespaces = ['a', 'b', 'c', 'd']
    const step = fc.record({
      namespace: fc.constantFrom(...namespaces),
      key: fc.constantFrom('x', 'y', 'z'),
      bytes: fc.nat(maxBytes),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const shares = new FairShares({ maxBytes, namespaces: namespaces.length })
        const held = new Map<string, Map<string, number>>()
        const sumOf = (namespace: string, without = '') =>
          [...(held.get(namespace) ?? [])].reduce(
            (sum, [key, bytes]) => sum + (key === without ? 0 : bytes),
            0,
          )
        for (const { namespace, key, bytes } of steps) {
          const own = maxBytes / 2 / namespaces.length
          const before = held.get(namespace)?.get(key) ?? 0
          const mustFit = sumOf(namespace, key) + bytes <= own || bytes <= before
          const isHeld = shares.hold(namespace, key, bytes)
          if (mustFit && !isHeld) throw new Error('no room for the own part')
          if (isHeld) held.set(namespace, new Map(held.get(namespace)).set(key, bytes))
          const all = namespaces.reduce((sum, name) => sum + sumOf(name), 0)
          if (all > maxBytes) throw new Error(`${all} bytes are held`)
        }
      }),
      { numRuns },
    )
  },
)
