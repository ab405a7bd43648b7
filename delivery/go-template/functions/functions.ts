import type { CpuBudget } from '../../../lib/cpu-budget.ts'
import { runesOf } from '../model/byte-string.ts'
import { type FunctionName, maxCallBytes, TemplateError } from '../model/template.ts'
import { areEqual, describeType, isEmpty, isMap, type Value } from '../model/value.ts'
import { changeCase } from './change-case.ts'
import { fromJson, toJson } from './json.ts'
import { jwkPrivateKey, jwkPublicKey } from './jwk-functions.ts'
import { filterPem } from './pem-functions.ts'
import { type Pkcs12Name, pkcs12Functions } from './pkcs12-functions.ts'
import { formatPlain, printf } from './printf.ts'
import { quote } from './quote.ts'

/** `and` and `or` don't evaluate all of their arguments, so render.ts runs them. */
type CalledName = Exclude<FunctionName, 'and' | 'or'>

interface FunctionContext {
  readonly budget: CpuBudget
}

type TemplateFunction = (args: readonly Value[], context: FunctionContext) => Value | Promise<Value>

/** A function of strings only. */
const ofStrings =
  (
    name: FunctionName,
    run: (strings: readonly string[], context: FunctionContext) => Value | Promise<Value>,
  ): TemplateFunction =>
  (args, context) =>
    run(
      args.map((value) => stringOf(value, name)),
      context,
    )

function stringOf(value: Value, name: FunctionName): string {
  if (typeof value === 'string') return value
  throw new TemplateError(`${name} takes strings; found ${describeType(value)}`)
}

const pkcs12 = (name: Pkcs12Name): TemplateFunction =>
  ofStrings(name, (strings, { budget }) => pkcs12Functions[name](strings, { name, budget }))

/** The functions, as Go's text/template and the sprig library define them. */
export const functions: Readonly<Record<CalledName, TemplateFunction>> = {
  b64dec: ofStrings('b64dec', ([text = '']) => base64Decoded(text)),
  b64enc: ofStrings('b64enc', ([text = '']) => Buffer.from(text, 'latin1').toString('base64')),
  default: ([other = null, value = null]) => (isEmpty(value) ? other : value),
  eq: ([first = null, ...others]) => others.some((other) => areEqual(first, other)),
  filterPEM: ofStrings('filterPEM', ([label = '', pem = '']) => filterPem(label, pem)),
  fromJson: ofStrings('fromJson', ([text = '']) => fromJson(text)),
  fullPemToPkcs12: pkcs12('fullPemToPkcs12'),
  fullPemToPkcs12Pass: pkcs12('fullPemToPkcs12Pass'),
  index: ([value = null, ...keys]) => keys.reduce(member, value),
  jwkPrivateKeyPem: ofStrings('jwkPrivateKeyPem', ([json = ''], { budget }) =>
    jwkPrivateKey(json, budget),
  ),
  jwkPublicKeyPem: ofStrings('jwkPublicKeyPem', ([json = ''], { budget }) =>
    jwkPublicKey(json, budget),
  ),
  lower: ofStrings('lower', ([text = '']) => changeCase(text, 'lower')),
  ne: ([a = null, b = null]) => !areEqual(a, b),
  not: ([value = null]) => isEmpty(value),
  pemToPkcs12: pkcs12('pemToPkcs12'),
  pemToPkcs12Pass: pkcs12('pemToPkcs12Pass'),
  pemTruststoreToPKCS12: pkcs12('pemTruststoreToPKCS12'),
  pemTruststoreToPKCS12Pass: pkcs12('pemTruststoreToPKCS12Pass'),
  pkcs12cert: pkcs12('pkcs12cert'),
  pkcs12certPass: pkcs12('pkcs12certPass'),
  pkcs12key: pkcs12('pkcs12key'),
  pkcs12keyPass: pkcs12('pkcs12keyPass'),
  printf: ([format = null, ...args]) => printf(stringOf(format, 'printf'), args),
  quote: (args) => args.flatMap((arg) => (arg === null ? [] : [quote(plain(arg))])).join(' '),
  replace: ofStrings('replace', ([from = '', to = '', text = '']) =>
    joined(from === '' ? ['', ...characters(text), ''] : text.split(from), to),
  ),
  toJson: ([value = null]) => toJson(value),
  toString: ([value = null]) => plain(value),
  trim: ofStrings('trim', ([text = '']) => trimmed(text)),
  trimPrefix: ofStrings('trimPrefix', ([prefix = '', text = '']) =>
    text.startsWith(prefix) ? text.slice(prefix.length) : text,
  ),
  trimSuffix: ofStrings('trimSuffix', ([suffix = '', text = '']) =>
    text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text,
  ),
  upper: ofStrings('upper', ([text = '']) => changeCase(text, 'upper')),
}

const plain = (value: Value): string => (typeof value === 'string' ? value : formatPlain(value))

/** Go would return an error's text as the value, or nothing. We fail. */
function base64Decoded(text: string): string {
  const base64 = text.replaceAll(/[\r\n]/g, '')
  const bytes = Buffer.from(base64, 'base64')
  // Go ignores the bits that are left over, so only the rest has to be the same.
  const isBase64 = /^[A-Za-z0-9+/]*={0,2}$/.test(base64) && base64.length % 4 === 0
  if (!isBase64) throw new TemplateError('b64dec: its value is not base64')
  return bytes.toString('latin1')
}

/**
 * One key of a map. A key that isn't there is an error, where Go's `index` returns an empty value. The message doesn't name
 * it, because a computed key may be a secret; parse.ts turns an `index` whose keys stand in the template into fields.
 */
function member(value: Value, key: Value): Value {
  if (!isMap(value) || typeof key !== 'string')
    throw new TemplateError(
      `index takes a map and the names of keys; found ${describeType(value)} and ${describeType(key)}`,
    )
  const found = value.entries.get(key)
  if (found === undefined) throw new TemplateError('index: a computed key is not there')
  return found
}

/** Without a text to replace, Go puts the other text before each character, and at the end. */
const characters = (text: string): readonly string[] =>
  Array.from(runesOf(text), ({ bytes }) => bytes)

/** Checks the size of the result before it is made. */
function joined(parts: readonly string[], separator: string): string {
  const kept = parts.reduce((sum, { length }) => sum + length, 0)
  const bytes = kept + separator.length * (parts.length - 1)
  if (bytes > maxCallBytes) throw new TemplateError(`replace gives more than ${maxCallBytes} bytes`)
  return parts.join(separator)
}

/** Blanks by Unicode's White_Space, which is what Go's `strings.TrimSpace` removes. */
const whiteSpace = /^[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/

function trimmed(text: string): string {
  const runes = [...runesOf(text)]
  const isSpace = ({ code }: (typeof runes)[number]) =>
    code !== undefined && whiteSpace.test(String.fromCodePoint(code))
  const first = runes.findIndex((rune) => !isSpace(rune))
  const last = runes.findLastIndex((rune) => !isSpace(rune))
  return first < 0
    ? ''
    : runes
        .slice(first, last + 1)
        .map(({ bytes }) => bytes)
        .join('')
}
