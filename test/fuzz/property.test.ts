import fc from 'fast-check'
import t from 'tap'
import { allProperties, pickProperty, readJsonDocument } from '../../keyvault/formats/property.ts'
import { anyCharacter } from '../support/any-character.ts'
import { countingBudget } from '../support/counting-budget.ts'
import { fuzz } from './harness/fuzz.ts'
import { assertParsed, deepJson, pumped } from './harness/hostile.ts'
import { jsonPieces } from './harness/pieces.ts'

const name = fc.oneof(
  fc.constantFrom('', 'a', 'b', 'a.b', '.', '0', '__proto__', 'constructor', 'toString', '\uD800'),
  fc.string({ unit: anyCharacter, maxLength: 3 }),
)
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium' },
    fc.oneof(fc.constant(null), fc.boolean(), fc.double(), fc.maxSafeInteger(), name),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}))
const json = fc
  .tuple(value, fc.constantFrom(undefined, 1, '\t', ' \r\n'))
  .map(([value, indent]) => JSON.stringify(value, undefined, indent) ?? 'null')
const notJson = pumped(jsonPieces, 25_000)
const path = fc.oneof(
  fc.array(name, { minLength: 1, maxLength: 6 }).map((names) => names.join('.')),
  pumped(['a', '.', 'a.', '0'], 5_000),
)

t.test('a path picks a property or says what is wrong', async (t) => {
  await fuzz(
    t,
    fc.property(fc.oneof(json, notJson, deepJson), path, (text, path) => {
      const { budget, charged } = countingBudget()
      const document = assertParsed(readJsonDocument(text, budget))
      const picked = document && assertParsed(pickProperty(document, path, { budget }))
      if ((picked?.length ?? 0) > text.length)
        throw new Error('the property is longer than the value')
      if (charged.microseconds > 100_000) throw new Error(`${charged.microseconds} microseconds`)
    }),
  )
})

t.test('a path of plain names picks what JSON.parse finds there', async (t) => {
  const names = fc.array(fc.constantFrom('a', 'b', '0', '__proto__', 'constructor', 'x'), {
    minLength: 1,
    maxLength: 4,
  })
  await fuzz(
    t,
    fc.property(json, names, (text, names) => {
      const document = assertParsed(readJsonDocument(text))
      if (document === undefined) throw new Error('this is JSON')
      const picked = pickProperty(document, names.join('.'))
      const found = names.reduce<unknown>(childOf, JSON.parse(text))
      if (found === undefined || found === null) return
      const shown = typeof found === 'string' ? found : JSON.stringify(found)
      if (!shown.isWellFormed()) return
      // A number keeps its original notation, unlike with JSON.stringify.
      const same = picked.kind === 'valid' && comparable(picked.value) === comparable(shown)
      if (!same) throw new Error(`picked ${JSON.stringify(picked)} instead of ${shown}`)
    }),
  )
})

t.test('all properties are those that JSON.parse finds, except for null', async (t) => {
  await fuzz(
    t,
    fc.property(json, (text) => {
      const document = assertParsed(readJsonDocument(text))
      const all = document && assertParsed(allProperties(document))
      if (all === undefined) return
      const names = all.map(({ name }) => name).toSorted()
      const present = Object.entries(JSON.parse(text)).filter(([, value]) => value !== null)
      const expected = present.map(([name]) => name).toSorted()
      if (JSON.stringify(names) !== JSON.stringify(expected)) throw new Error('they differ')
    }),
  )
})

const childOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined

function comparable(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return text
  }
}
