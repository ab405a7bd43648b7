import fc from 'fast-check'
import t from 'tap'
import { decodeValue } from '../../../../keyvault/formats/encoding.ts'
import { pickProperty, readJsonDocument } from '../../../../keyvault/formats/property.ts'
import { makeValue } from '../../../../laptop/demo/made-up/make-value.ts'

const key = fc.oneof(
  fc.constantFrom('a', 'b', '0', '__proto__', 'constructor', '', '*'),
  fc.string({ maxLength: 5 }),
)
const property = fc.array(key, { minLength: 1, maxLength: 5 }).map((keys) => keys.join('.'))

t.test('a pod can pick every property that it names, and never sees another value in it', (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(property.filter((name) => name !== '' && name !== '*')), (names) => {
      fc.pre(names.length > 0)
      const uses = names.map((name) => ({ property: name }))
      const document = readJsonDocument(makeValue('db', { uses, revision: 1 }))
      if (document.kind === 'invalid') return false
      return names.every((name) => pickProperty(document.value, name).kind === 'valid')
    }),
  )
  t.end()
})

t.test('a decoded value is base64 or hex of a text that says it is made up', (t) => {
  const decoded = [{ encoding: 'base64' }, { encoding: 'hex' }] as const
  for (const use of decoded) {
    const value = makeValue('db', { uses: [use], revision: 3 })
    const { encoding = 'base64' } = use
    t.match(decodeValue(value, encoding), { kind: 'valid', value: Buffer.from('made-up-db-3') })
  }
  t.end()
})

t.test('a path of thousands of parts becomes one key', (t) => {
  const path = 'a.'.repeat(40_000)
  t.strictSame(JSON.parse(makeValue('db', { uses: [{ property: path }], revision: 1 })), {
    [path]: 'made-up-db-1',
  })
  t.end()
})
