import fc from 'fast-check'

/**
 * Blocks that don't grow any more: Go and Node know different versions of Unicode, and print new characters differently.
 * U+019B is missing, because Unicode 16 gave it an upper case.
 */
const blocks = [
  [0x00, 0x19a],
  [0x19c, 0x24f],
  [0x370, 0x377],
  [0x386, 0x4ff],
  [0x1e00, 0x1f15],
  [0x1f80, 0x1fb4],
  [0x2000, 0x2064],
  [0x3000, 0x303f],
  [0xe000, 0xe010],
  [0xfeff, 0xfeff],
  [0xfff9, 0xffff],
  [0x1_f600, 0x1_f64f],
  [0x10_fff0, 0x10_ffff],
] as const
const character = fc
  .oneof(...blocks.map(([min, max]) => fc.integer({ min, max })))
  .map((code) => String.fromCodePoint(code))
export const anyText = (maxLength: number) => fc.string({ unit: character, maxLength })

export const blank = fc.constantFrom(' ', '  ', '\t', '\n', ' \r\n ')

/** Text outside of actions. */
export const text = fc.oneof(
  anyText(8),
  fc.constantFrom('a b', '\n  x: ', ' ', '\t\r\n', '}}', '{', 'é😀', '"', '%', '-', ' - ', '*/'),
)

/** Base64 that is right, wrong, or that only Go accepts. */
const base64 = fc.constantFrom(
  'YQ==',
  'YQ=',
  'YQ\n=\n=',
  'YR==',
  '====',
  'Y Q=',
  'YQ==YQ==',
  '_-==',
)

/** Numbers as JSON may write them, where notations change or precision ends. */
const number = fc.oneof(
  fc.double({ noDefaultInfinity: true, noNaN: true }).map(String),
  fc.constantFrom('0', '-0', '-0.0', '1.0', '1E5', '1e-7', '0.000001', '0.00001', '0.0001'),
  fc.constantFrom('100000', '999999.5', '1e6', '1234567', '1e20', '1e21', '123456789012345678901'),
  fc.constantFrom(
    '9007199254740993',
    '5e-324',
    '1.7976931348623157e308',
    '1e400',
    '01',
    '1.',
    '.5',
  ),
)

/** JSON of many shapes, also such that only one of Go and Node might accept it. */
export const json = fc.oneof(
  number,
  fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
  fc.array(number, { maxLength: 3 }).map((numbers) => `[${numbers.join(', ')}]`),
  fc.constantFrom(
    '{"b":1,"a":{"d":null,"c":[true,"<&>\u2028"]},"B":2}',
    '{"a":1,"a":2}',
    '{"10":1,"9":2,"__proto__":3,"constructor":4}',
    '"\\ud83d\\ude00 \\ud800 \\udc00 \\ud800\\ud800"',
    '"\u007f\\u0000\\b\\f\\/\\u00e9"',
    ' [ ] ',
    '\ufeff1',
    '"\t"',
    '"a',
    '1 2',
    'NaN',
  ),
)

const quoted = fc.oneof(
  fc.constantFrom('', 'a', 'ß', 'İ', 'ᾳ', ' a ', '%s', '{"a":[1,null,"<"]}', '}}', 'key'),
  anyText(6),
  base64,
  json,
)
/** Escapes that JSON doesn't have, some of which Go refuses. */
const escapes = fc
  .array(
    fc.constantFrom(
      '\\x41',
      '\\xff',
      '\\101',
      '\\377',
      '\\400',
      '\\a',
      '\\v',
      '\\u00e9',
      '\\q',
      'é',
    ),
    { maxLength: 3 },
  )
  .map((parts) => `"${parts.join('')}"`)

/** A string inside an action, with its quotes. */
export const literal = fc.oneof(
  { weight: 6, arbitrary: quoted.map((value) => JSON.stringify(value)) },
  { weight: 6, arbitrary: quoted.map((value) => `\`${value.replaceAll('`', '')}\``) },
  { weight: 1, arbitrary: escapes },
)

const verbs = fc.constantFrom('%s', '%v', '%d', '%q', '%%', 'x', ' ', '%', 'é', '\n')
const otherVerbs = fc.constantFrom('%5s', '%-d', '%+v', '%x', '%t', '%[1]s', '%!', '%é', '%*d')
/** The first argument of `printf`. */
export const format = fc
  .array(fc.oneof({ weight: 30, arbitrary: verbs }, { weight: 1, arbitrary: otherVerbs }), {
    maxLength: 4,
  })
  .map((parts) => JSON.stringify(parts.join('')))

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 8 }),
  text.map((value) => new Uint8Array(Buffer.from(value))),
  base64.map((value) => new Uint8Array(Buffer.from(value))),
)
/** Some keys are there twice. */
const object = fc
  .record({ a: json, list: fc.array(json, { maxLength: 3 }), x: json, again: fc.boolean() })
  .map(({ a, list, x, again }) => {
    const earlier = again ? '"a":0,"deep":{"x":0,"y":0},' : ''
    return `{${earlier}"a":${a},"list":[${list}],"deep":{${again ? '"x":1,' : ''}"x":${x}}}`
  })

/** The values that a template refers to. */
export const data = fc.tuple(bytes, bytes, object, bytes, bytes, bytes).map(
  ([a, b, json, b64, raw, other]) =>
    new Map([
      ['a', a],
      ['b', b],
      ['json', new Uint8Array(Buffer.from(json))],
      ['b64', new Uint8Array(Buffer.from(Buffer.from(b64).toString('base64')))],
      ['bytes', raw],
      ['é', other],
      ['a-b', a],
    ]),
)
