import fc from 'fast-check'
import t from 'tap'
import { isReached, numRuns } from '../../support/property-runs.ts'
import { allProperties, pickProperty } from './in-document.ts'

const document = `{
  "user": "app", "empty": "", "text": "é\\n\\u0041\\ud83d\\ude00",
  "port": 5432, "price": 1.10, "big": 123456789012345678901234567890, "tiny": -0.0e-7, "on": true, "none": null,
  "list": [ "a", { "b": [ 1.0, 2 ] }, [] ],
  "a": { "b": { "c": "path" }, "b.c": "never" },
  "a.b.c": "never", "x.y": "literal", "deep": { "db.main": { "url.full": "u" } },
  "q\\"{[,:]}": "odd", "": { "": "empty keys" }, "spaced" : { "k" : [ 1 , "a b" , { } ] , "l":"x\\u0020\\\\" }
}`

t.test('a path picks what it leads to', async (t) => {
  const cases: [string, string][] = [
    ['user', 'app'],
    ['empty', ''],
    ['text', 'é\nA😀'],
    ['port', '5432'],
    ['price', '1.10'],
    ['big', '123456789012345678901234567890'],
    ['tiny', '-0.0e-7'],
    ['on', 'true'],
    ['list.0', 'a'],
    ['list.1.b.0', '1.0'],
    ['list.2', '[]'],
    ['list.00', 'a'],
    ['list.01.b.0000000000000000000000000000001', '2'],
    ['list', '["a",{"b":[1.0,2]},[]]'],
    ['spaced', '{"k":[1,"a b",{}],"l":"x\\u0020\\\\"}'],
    ['spaced.l', 'x \\'],
    ['a.b.c', 'path'],
    ['x.y', 'literal'],
    ['deep.db.main.url.full', 'u'],
    ['q"{[,:]}', 'odd'],
    ['.', 'empty keys'],
  ]
  for (const [path, value] of cases)
    t.strictSame(pickProperty(document, path), { kind: 'valid', value }, path)
})

t.test('a null counts as absent', async (t) => {
  const json =
    '{"a": { "b": null }, "list": [ null, 1 ], "text": "null", "a.c": 1, "a.b": "literal"}'
  const absent: [string, string][] = [
    ['list.0', 'property "list.0" is null'],
    ['a.b.c', 'property "a.b" is null'],
  ]
  for (const [path, problem] of absent)
    t.strictSame(pickProperty(json, path), { kind: 'invalid', problem, isAbsent: true }, path)
  t.strictSame(pickProperty('null', 'a'), {
    kind: 'invalid',
    problem: 'the value is null',
    isAbsent: true,
  })
  t.strictSame(pickProperty(json, 'text'), { kind: 'valid', value: 'null' })
  t.strictSame(
    pickProperty(json, 'list'),
    { kind: 'valid', value: '[null,1]' },
    'nulls inside a value stay',
  )
  t.strictSame(
    pickProperty(json, 'a.b'),
    { kind: 'valid', value: 'literal' },
    'a key that contains dots is tried',
  )
  t.strictSame(allProperties('{"a": null, "b": [ null ]}'), {
    kind: 'valid',
    value: [{ name: 'b', value: '[null]' }],
  })
})

t.test('the last of duplicate JSON keys counts, and the document’s order stays', async (t) => {
  const json = '{"b":1,"10":{"z":0,"9":0},"b":2}'
  t.strictSame(pickProperty(json, 'b'), { kind: 'valid', value: '2' })
  t.strictSame(pickProperty(json, '10'), { kind: 'valid', value: '{"z":0,"9":0}' })
})

t.test('as for gjson, the first value to which a path leads counts', async (t) => {
  const cases: readonly [json: string, path: string, value: string][] = [
    ['{"b":1,"b":2,"b":3}', 'b', '1'],
    ['{"a":{"b":1},"a":{"b":2}}', 'a.b', '1'],
    ['{"a":{"c":1},"a":{"b":2},"a":{"b":3}}', 'a.b', '2'],
    ['{"a":"text","a":{"b":2}}', 'a.b', '2'],
    ['{"a":{"b":{"c":1},"b":{"d":2}},"a":{"b":{"d":3}}}', 'a.b.d', '2'],
    ['{"a":[1],"a":[2,3]}', 'a.1', '3'],
    ['{"a":[1],"a":[2,3]}', 'a.01', '3'],
    ['{"\\u0061":1,"a":2}', 'a', '1'],
    ['{"a":{"c":1,"c":2}}', 'a', '{"c":1,"c":2}'],
    ['{"a.b":1,"a.b":2}', 'a.b', '1'],
    ['{"a.b":1,"a":{"b":2}}', 'a.b', '2'],
    // Only a key that is equal to the whole path counts beside the path itself.
    ['{"a":{"b.c":1},"a.b":{"c":2},"a.b.c":3}', 'a.b.c', '3'],
  ]
  for (const [json, path, value] of cases)
    t.strictSame(pickProperty(json, path, 'gjson'), { kind: 'valid', value }, `${path}: ${json}`)
})

t.test('as for gjson, a null ends the search, and it is absent', async (t) => {
  const cases: readonly [json: string, path: string, problem: string][] = [
    ['{"a":null,"a":1}', 'a', 'property "a" is null'],
    ['{"a":{"b":null},"a.b":1}', 'a.b', 'property "a.b" is null'],
    ['{"a.b":null}', 'a.b', 'property "a.b" is null'],
    ['{"a":{"b.c":1}}', 'a.b.c', 'property "a" is a JSON object and has no "b.c"'],
    ['{"a":{"b":1},"a":2}', 'a.c', 'property "a" is a JSON object and has no "c"'],
    ['null', 'a', 'the value is null'],
  ]
  for (const [json, path, problem] of cases)
    t.strictSame(
      pickProperty(json, path, 'gjson'),
      { kind: 'invalid', problem, isAbsent: true },
      `${path}: ${json}`,
    )
})

t.test('a document with a byte order mark is read', async (t) => {
  t.strictSame(pickProperty('\ufeff{"a":1}', 'a'), { kind: 'valid', value: '1' })
})

t.test('a miss names the path as far as it matched, and never a value', async (t) => {
  const cases: [string, string][] = [
    ['nobody', 'the value is a JSON object and has no "nobody"'],
    ['user.x', 'property "user" is neither an object nor an array and has no "x"'],
    ['none.x', 'property "none" is null'],
    ['list.3', 'property "list" is a JSON array and has no "3"'],
    ['list.-1', 'property "list" is a JSON array and has no "-1"'],
    ['list.03', 'property "list" is a JSON array and has no "03"'],
    ['list.0a', 'property "list" is a JSON array and has no "0a"'],
    ['a.0b', 'property "a" is a JSON object and has no "0b"'],
    ['list.length', 'property "list" is a JSON array and has no "length"'],
    ['user.length', 'property "user" is neither an object nor an array and has no "length"'],
    ['a.b.d.e', 'property "a.b" is a JSON object and has no "d.e"'],
    ['deep.db.main.x', 'property "deep.db.main" is a JSON object and has no "x"'],
    ['__proto__', 'the value is a JSON object and has no "__proto__"'],
    ['constructor.name', 'the value is a JSON object and has no "constructor.name"'],
    ['a.toString', 'property "a" is a JSON object and has no "toString"'],
    ['', 'the value is a JSON object and has no ""'],
  ]
  const value = document.replace('"": {', '"e": {')
  for (const [path, problem] of cases)
    t.strictSame(pickProperty(value, path), { kind: 'invalid', problem, isAbsent: true }, path)
})

t.test('own properties of any name are found', async (t) => {
  const json = '{"__proto__":{"a":1},"constructor":2,"toString":3}'
  t.strictSame(pickProperty(json, '__proto__.a'), { kind: 'valid', value: '1' })
  t.strictSame(pickProperty(json, 'constructor'), { kind: 'valid', value: '2' })
  t.strictSame(allProperties(json), {
    kind: 'valid',
    value: [
      { name: '__proto__', value: '{"a":1}' },
      { name: 'constructor', value: '2' },
      { name: 'toString', value: '3' },
    ],
  })
})

t.test('a value that isn’t JSON is refused, and not quoted', async (t) => {
  for (const json of [
    '',
    'hunter2',
    '{"a":hunter2}',
    '{"a":1,}',
    "{'a':1}",
    '{"a":1}x',
    '01',
    'NaN',
  ])
    for (const result of [pickProperty(json, 'a'), allProperties(json)])
      t.strictSame(
        result,
        {
          kind: 'invalid',
          problem: 'the value is not JSON, so no property can be picked from it',
        },
        json,
      )
})

t.test('a text that UTF-8 can’t hold is refused', async (t) => {
  const problem = /property "a" is not valid Unicode text/
  t.match(pickProperty('{"a":"\\ud800"}', 'a'), { problem })
  t.match(allProperties('{"b":1,"a":"\\ud800"}'), {
    problem: /^property number 2 is not valid Unicode text/,
  })
  t.match(allProperties('{"\\ud800":1}'), { problem: /^one of its keys is not valid Unicode/ })
})

t.test(
  'all properties come in the document’s order, values as when they are picked one by one',
  async (t) => {
    const json = '{"b": 1.0, "a/b": "x", "..": {"c": [ ]}, "": null, "2": "y", "1": true}'
    t.strictSame(allProperties(json), {
      kind: 'valid',
      value: [
        { name: 'b', value: '1.0' },
        { name: 'a/b', value: 'x' },
        { name: '..', value: '{"c":[]}' },
        { name: '2', value: 'y' },
        { name: '1', value: 'true' },
      ],
    })
    t.strictSame(allProperties('{ }'), { kind: 'valid', value: [] })
    t.strictSame(allProperties('[1]'), {
      kind: 'invalid',
      problem: 'the value is a JSON array; "#*" needs a JSON object',
    })
    t.match(allProperties('"a"'), { problem: /neither an object nor an array; "#\*" needs/ })
  },
)

t.test('reading a property agrees with a naive evaluator on any JSON', async (t) => {
  const key = fc.constantFrom('a', 'b', 'a.b', '0', 'b.a', '')
  const { value: json } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(tie('value'), { maxLength: 3 }),
      fc
        .uniqueArray(fc.tuple(key, tie('value')), { maxLength: 4, selector: ([name]) => name })
        .map((entries) => Object.fromEntries(entries)),
    ),
  }))
  const path = fc.array(fc.constantFrom('a', 'b', '0', '1', ''), { minLength: 1, maxLength: 4 })
  let found = 0
  t.ok(
    isReached(
      () =>
        fc.assert(
          fc.property(json, path, fc.constantFrom(0, 2, '\t'), (value, segments, indent) => {
            const expected = naive(value, segments)
            const result = pickProperty(JSON.stringify(value, null, indent), segments.join('.'))
            if (expected === undefined) return result.kind === 'invalid'
            if (typeof expected === 'string' && !expected.isWellFormed())
              return result.kind === 'invalid'
            found += 1
            if (!(result.kind === 'valid')) return false
            return typeof expected === 'string'
              ? result.value === expected
              : result.value === JSON.stringify(expected)
          }),
          { numRuns: 5 * numRuns },
        ),
      (rounds) => found > (rounds * numRuns) / 10,
    ),
    `${found} paths led somewhere`,
  )
})

/** The path step by step, then ever longer literal keys. */
function naive(value: unknown, segments: readonly string[]): unknown {
  if (segments.length === 0) return value === null ? undefined : value
  if (typeof value !== 'object' || value === null) return undefined
  for (let length = 1; length <= segments.length; length++) {
    const name = segments.slice(0, length).join('.')
    if (!Object.keys(value).includes(name)) continue
    const found = naive(Reflect.get(value, name), segments.slice(length))
    if (found !== undefined) return found
  }
  return undefined
}
