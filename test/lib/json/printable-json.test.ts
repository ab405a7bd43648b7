import fc from 'fast-check'
import t from 'tap'
import { printableJson } from '../../../lib/json/printable-json.ts'
import { printable } from '../../../lib/printable.ts'
import { anyCharacter } from '../../support/any-character.ts'

t.test('characters that steer a terminal or reorder text are escaped', async (t) => {
  for (const [character, escaped] of [
    ['\u007f', '\\u007f'],
    ['\u009b31m', '\\u009b31m'],
    ['\u202e', '\\u202e'],
    ['\u2028', '\\u2028'],
    ['\u{e0001}', '\\udb40\\udc01'],
  ])
    t.equal(
      printableJson(JSON.stringify({ message: `a${character}b` })),
      `{"message":"a${escaped}b"}`,
    )
})

t.test('any value stays the same, on one line without unprintable characters', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), (text) => {
      const json = printableJson(JSON.stringify({ text }))
      t.strictSame(JSON.parse(json), { text })
      t.equal(printable(json, Number.POSITIVE_INFINITY), json)
    }),
  )
})

t.test('the end of a line stays as it is', async (t) => {
  t.equal(printableJson('{"a":"\u202e"}\n'), '{"a":"\\u202e"}\n')
})
