import fc from 'fast-check'
import t from 'tap'
import { parseBoundedJson } from '../../../lib/json/parse-bounded-json.ts'
import { numRuns } from '../../support/property-runs.ts'

const bounds = { maxDepth: 64, maxValues: 200_000 }
const parse = (text: string, bound = bounds) => parseBoundedJson(Buffer.from(text), bound)
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
/** Makes a text too large to be parsed without being measured before. */
const padded = (text: string) => text.padEnd(70_000)

t.test('JSON may be nested 64 deep, whatever its size', async (t) => {
  for (const sized of [(text: string) => text, padded]) {
    t.strictSame(parse(sized(nested(64))).kind, 'value')
    t.strictSame(parse(sized(nested(65))).kind, 'depth')
    t.strictSame(parse(sized(`{"a":${nested(63)}}`)).kind, 'value')
    t.strictSame(parse(sized(`[1,{"a":{"b":${nested(63)}}}]`)).kind, 'depth')
  }
})

t.test('64 KiB of nested arrays are refused', async (t) => {
  t.strictSame(parse(nested(32 * 1024)).kind, 'depth')
  t.strictSame(parse('['.repeat(64 * 1024)).kind, 'not-json')
  t.strictSame(parse('['.repeat(3 * 1024 * 1024)).kind, 'depth')
})

t.test('values are bounded, also if the bound is below the size of a small text', async (t) => {
  const list = JSON.stringify(Array.from({ length: 200 }, () => 1))
  t.strictSame(parse(list).kind, 'value')
  t.strictSame(parse(list, { maxDepth: 64, maxValues: 100 }).kind, 'values')
  t.strictSame(parse(`[${'{},'.repeat(200_000)}{}]`).kind, 'values')
})

t.test('a text that isn’t JSON is refused with a sentence', async (t) => {
  for (const text of ['', '{', 'null,', '{"a":1}}', padded('{')])
    t.strictSame(parse(text).kind, 'not-json', text.slice(0, 10))
})

t.test('for any JSON, a small and a large text have the same outcome', async (t) => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(7), (value, maxDepth) => {
      const text = JSON.stringify(value)
      const small = parse(text, { maxDepth, maxValues: 200_000 })
      t.strictSame(small, parse(padded(text), { maxDepth, maxValues: 200_000 }))
    }),
    { numRuns },
  )
})
