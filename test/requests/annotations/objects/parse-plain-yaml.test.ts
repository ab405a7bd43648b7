import t from 'tap'
import {
  countCostly,
  parsePlainYaml,
} from '../../../../requests/annotations/objects/parse-plain-yaml.ts'

const bounds = { maxCharacters: 1000, maxCostly: 100 }
const parse = (text: string) => parsePlainYaml(text, bounds)

t.test('scalars stay strings, and an empty one reads as null', async (t) => {
  t.strictSame(parse('- { a: 0644, b: true, c: 2026-01-01, d: , e: "", f: ~ }'), {
    kind: 'valid',
    value: [{ a: '0644', b: 'true', c: '2026-01-01', d: null, e: '', f: null }],
  })
  t.strictSame(parse(''), { kind: 'valid', value: null })
  t.strictSame(parse(': x'), { kind: 'valid', value: { '': 'x' } })
  const { value } = parse('{ __proto__: a, constructor: b }') as { readonly value: object }
  t.strictSame(Object.entries(value), [
    ['__proto__', 'a'],
    ['constructor', 'b'],
  ])
})

t.test('everything that structures YAML is counted before it is parsed', async (t) => {
  for (const piece of [
    ': ',
    'a: ',
    '- ',
    '? ',
    '[',
    '{',
    ',',
    '"',
    "'",
    '\n',
    '\r',
    '&a ',
    '*a ',
  ]) {
    t.ok(countCostly(piece.repeat(200)) >= 200, JSON.stringify(piece))
    t.match(parse(piece.repeat(101)), { problem: /^there are more than 100 lines/ }, piece)
  }
  t.equal(countCostly('db-password-of-a:b'), 0)
  t.match(parse('a'.repeat(1001)), { problem: 'found 1001 characters; accepted: at most 1000' })
})

t.test('keys that are not strings, aliases and deep nesting are refused', async (t) => {
  for (const text of [
    '? '.repeat(60),
    '? [a]\n: b',
    '{ { a: b }: c }',
    '[ &a b, *a ]',
    '- '.repeat(9),
    '['.repeat(9) + ']'.repeat(9),
  ])
    t.match(parse(text), { problem: /^this isn't plain YAML: it is nested too deep/ }, text)
  t.strictSame(parse('['.repeat(8) + ']'.repeat(8)), { kind: 'valid', value: [[[[[[[[]]]]]]]] })
  t.match(parse('a: b: c'), { problem: /^this isn't valid YAML: line 1: Nested mappings/ })
})
