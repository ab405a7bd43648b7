import fc from 'fast-check'
import t from 'tap'
import {
  claimedKeys,
  type Destination,
  destinationKey,
  partOf,
  secretOf,
} from '../../delivery/destination.ts'

const name = fc.stringMatching(/^[ab.-]{1,6}$/)
const maybe = (names: fc.Arbitrary<string>) => fc.option(names, { nil: undefined })
const destination: fc.Arbitrary<Destination> = fc.oneof(
  fc.record({
    kind: fc.constant('file'),
    path: fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/')),
    volume: maybe(name),
    mode: fc.constant(0o444),
  }),
  fc.record({ kind: fc.constant('key'), secret: name, key: name }),
  fc.record({ kind: fc.constant('input'), secret: name, index: fc.nat(9) }),
)

t.test('different destinations have different keys', async (t) => {
  fc.assert(
    fc.property(destination, destination, (a, b) => {
      const isSame = JSON.stringify(a) === JSON.stringify(b)
      const areOfOnePod = (a.kind === 'file') === (b.kind === 'file')
      return !areOfOnePod || (destinationKey(a) === destinationKey(b)) === isSame
    }),
  )
  t.pass('holds for any two')
})

t.test('the parts of a value have keys below its own', async (t) => {
  const object = { vault: 'team-a', type: 'tls', name: 'web' } as const
  const keysOf = (to: Destination) => claimedKeys({ object, to })
  const names = ['tls.crt', 'tls.key', 'ca.crt']
  t.strictSame(
    keysOf({ kind: 'key', secret: 'web' }),
    names.map((name) => `web/${name}`),
  )
  t.strictSame(keysOf({ kind: 'file', path: '.', mode: 0o444 }), names)
  t.strictSame(
    keysOf({ kind: 'file', path: 'a', volume: 'v', mode: 0o444 }),
    names.map((name) => `/v/a/${name}`),
  )
  const property = partOf({ kind: 'input', secret: 'db', index: 1 }, 'user')
  t.strictSame(property, { kind: 'input', secret: 'db', index: 1, property: 'user' })
  t.equal(destinationKey(property), 'db/#1/user')
})

t.test('only a value of a Secret has a Secret', async (t) => {
  t.equal(secretOf({ kind: 'key', secret: 'db', key: 'a' }), 'db')
  t.equal(secretOf({ kind: 'file', path: 'db/a', mode: 0o444 }), undefined)
})
