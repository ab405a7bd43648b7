// Templates and values that cost much CPU time, for the test of what is charged for them and for the bench.

import { generateKeyPairSync } from 'node:crypto'
import { functionArguments } from '../../delivery/go-template/model/template.ts'

/** The length of most values, near the largest that are rendered. */
export const expensiveBytes = 250_000

const repeat = (text: string): Buffer => {
  const whole = Buffer.from(text)
  return Buffer.from(text.repeat(Math.floor(expensiveBytes / whole.length)))
}
const list = (item: string) =>
  Buffer.from(`[${`${item},`.repeat(expensiveBytes / (item.length + 1))}1]`)
const object = `{${Array.from({ length: expensiveBytes / 14 }, (_, n) => `"k${n}":1`).join(',')}}`

/** The largest private RSA key that is read. Nobody checks that its factors are primes. */
function largestKey(): Buffer {
  const p = 2n ** 4096n - 5n
  const part = (p * 618_033_988_749_894_848n) / 10n ** 18n
  const q = part - (part % 6n) + 5n
  const order = (p - 1n) * (q - 1n)
  const d = (order * (3n - (order % 3n)) + 1n) / 3n
  const numbers = { n: p * q, e: 3n, d: d % order, p, q }
  const members = Object.entries(numbers).map(([name, number]) => {
    const digits = number.toString(16)
    const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex')
    return [name, bytes.toString('base64url')]
  })
  return Buffer.from(JSON.stringify({ kty: 'RSA', ...Object.fromEntries(members) }))
}

const curveKeys = generateKeyPairSync('ec', { namedCurve: 'P-521' })

/** Values that are expensive for one of the functions. */
export const expensiveValues: Readonly<Record<string, Buffer>> = {
  letters: repeat('aB'),
  accents: repeat('éÀ'),
  'invalid bytes': Buffer.alloc(expensiveBytes, 0xff),
  'line breaks': repeat('\n'),
  blanks: repeat(' '),
  verbs: repeat('%s'),
  quotes: repeat('"'),
  'tags (smaller)': Buffer.from('<'.repeat(expensiveBytes / 3)),
  base64: repeat('YWFh'),
  PEM: repeat('-----BEGIN X-----\nYWFh\n-----END X-----\n'),
  'a list of objects': list('{}'),
  'a list of numbers': list('1'),
  'a list of texts': list('""'),
  'small lists': list('[]').subarray(0, 40_000),
  'a small list': Buffer.from(`[${'1,'.repeat(8_000)}1]`),
  'a small list of objects': Buffer.from(`[${'{},'.repeat(2_000)}{}]`),
  'an object': Buffer.from(object),
  'a small object': Buffer.from(`{${object.slice(1, 100_000).replace(/,[^,]*$/, '')}}`),
  'the largest RSA key': largestKey(),
  'a private EC key': Buffer.from(JSON.stringify(curveKeys.privateKey.export({ format: 'jwk' }))),
  'a public EC key': Buffer.from(JSON.stringify(curveKeys.publicKey.export({ format: 'jwk' }))),
  escapes: Buffer.from(`"${'\\u00e9'.repeat(expensiveBytes / 6)}"`),
}

/** How each function is called with the value `v`. A JSON value goes through fromJson first. */
export const functionCalls: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(functionArguments).map(([name, [least]]) => [
      name,
      `${name} ${'"a" '.repeat(Math.max(0, least - 1))} .v`,
    ]),
  ),
  'replace nothing': 'replace "" "" .v',
  'replace lines': 'replace "\\n" "" .v',
  'printf %q': 'printf "%q" .v',
  'printf %s': 'printf "%s" .v',
  'the format of printf': 'printf .v',
  index: 'index . "v"',
  'toJson of JSON': '.v | fromJson | toJson',
  'quote of JSON': '.v | fromJson | quote',
  'toString of JSON': '.v | fromJson | toString',
  'printf %v of JSON': 'printf "%v" (fromJson .v)',
  'printf %d of JSON': 'printf "%d" (fromJson .v)',
  'many parsed values': `or "" ${'(fromJson .v) '.repeat(50)}`,
}

const fill = (text: string, parts = 8) =>
  text.repeat(Math.floor(Math.min(65_536 / text.length, 20_000 / parts)))
/**
 * Templates that are expensive to parse, as long and of as many parts as docs/specification.md, "Templates of ExternalSecrets",
 * allows.
 */
export const expensiveTexts: Readonly<Record<string, string>> = {
  'deep calls': `{{ or ${'(or .) '.repeat(3_300)} }}`,
  actions: fill('{{.}}', 3),
  conditions: fill('{{if .}}{{end}}', 8),
  fields: fill('{{.abcdefghijk}}', 3),
  keys: fill('{{index . "v"}}'),
  formats: fill('{{printf "%s" .}}'),
  letters: fill('{{.é}}', 3),
  literals: `{{ "${'\\u00e9'.repeat(10_000)}" }}`,
}
