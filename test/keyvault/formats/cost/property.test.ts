import t from 'tap'
import * as property from '../../../../keyvault/formats/property.ts'
import { countSteps } from '../../../support/count-steps.ts'
import { countingBudget } from '../../../support/counting-budget.ts'
import { inDocument, pickProperty } from '../in-document.ts'

t.test('hostile documents and paths cost no more than their length allows', async (t) => {
  const pick = (json: string, path: string) => {
    const { value, steps } = countSteps(() => pickProperty(json, path))
    t.ok(steps <= 1_000 + 20 * (json.length + path.length), `${steps} steps`)
    return value
  }
  const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`
  t.match(pick(deep, 'a.a.a'), { value: /^\{"a":/ })
  t.match(pick(deep, Array(64).fill('a').join('.')), { value: /^\{"a":/ })
  t.match(pick(deep, Array(65).fill('a').join('.')), { problem: /has over 64 parts$/ })
  t.match(pick('{}', '.'.repeat(1_000_000)), { problem: /has over 64 parts$/ })
  const escapes = JSON.stringify({ a: '"\\\n'.repeat(500_000) })
  t.match(pick(escapes, 'a'), { value: /^"/ })
  t.match(pick(`[${'0,'.repeat(300_000)}0]`, '300000'), { value: '0' })
  t.match(pick('['.repeat(100_000), 'a'), { problem: /not JSON/ })
  const names = Array(64).fill('n'.repeat(3_000)).join('.')
  const pad = JSON.stringify({ pad: 'x'.repeat(1_000_000) })
  t.match(pick(pad, names), { problem: /can be read in too many ways$/ })
})

t.test('equal keys cost no more than their length allows', async (t) => {
  for (const [json, path, value] of [
    [`{${'"a":1,'.repeat(50_000)}"b":2}`, 'a', '1'],
    [`{${'"a":{"c":1},'.repeat(20_000)}"a":{"b":2}}`, 'a.b', '2'],
    [`{${'"a":[1],'.repeat(20_000)}"a":[1,2]}`, `a.${'0'.repeat(20)}1`, '2'],
    [`${'{"a":1,"a":'.repeat(50)}{"b":2}${'}'.repeat(50)}`, `${'a.'.repeat(50)}b`, '2'],
  ] as const) {
    const { budget, charged } = countingBudget()
    const { value: found, steps } = countSteps(() =>
      inDocument(json, (document) =>
        property.pickProperty(document, path, { budget, lookup: 'gjson' }),
      ),
    )
    t.strictSame(found, { kind: 'valid', value })
    t.ok(steps <= 1_000 + 20 * (json.length + path.length), `${steps} steps`)
    t.ok(charged.microseconds >= json.length / 100, `${charged.microseconds} microseconds`)
  }
  // A key of such a length can't be found again for each of many equal keys.
  const name = 'n'.repeat(100)
  const many = `{${`"a":{"${name}":{}},`.repeat(50_000)}"b":1}`
  t.match(pickProperty(many, `a.${name}.x`, 'gjson'), { problem: /can be read in too many ways$/ })
})
