import { measureJson } from '../../../lib/json/measure-json.ts'
import { isObject } from '../../../lib/shape.ts'
import { fromText, mapRunes, toBytes, toText } from '../model/byte-string.ts'
import { type FunctionName, maxDepth, TemplateError } from '../model/template.ts'
import { isList, isMap, sortedEntries, type Value } from '../model/value.ts'

/** As many as a list may have that one call can return. */
const maxJsonValues = 16 * 1024

/**
 * @param name - of the function that reads it, for messages
 * @throws TemplateError if the byte string isn't JSON
 */
export function fromJson(byteString: string, name: FunctionName = 'fromJson'): Value {
  // Counted before it is parsed: JavaScript's objects take up to a hundred times the memory of their text.
  if (measureJson(toBytes(byteString)).values > maxJsonValues)
    throw new TemplateError(`${name}: its value has more than ${maxJsonValues} values`)
  return toValue(parse(toText(byteString), name), { depth: 0, name })
}

function parse(text: string, name: FunctionName): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new TemplateError(`${name}: its value is not JSON`)
  }
}

function toValue(
  parsed: unknown,
  { depth, name }: { readonly depth: number; readonly name: FunctionName },
): Value {
  const inside = { depth: depth + 1, name }
  if (depth > maxDepth)
    throw new TemplateError(`${name}: its value is nested more than ${maxDepth} levels deep`)
  if (typeof parsed === 'string') return fromText(parsed)
  if (typeof parsed === 'number' && !Number.isFinite(parsed))
    throw new TemplateError(`${name}: a number in its value is too large`)
  if (Array.isArray(parsed)) return parsed.map((item) => toValue(item, inside))
  if (!isObject(parsed)) return parsed as boolean | number | null
  const entries = Object.entries(parsed).map(
    ([key, member]) => [fromText(key), toValue(member, inside)] as const,
  )
  return { kind: 'json', entries: new Map(entries) }
}

/** Encodes a value as Go's encoding/json does: keys sorted, and characters that are special in HTML escaped. */
export const toJson = (value: Value): string => encode(value, unsafeInHtml)

/** Encodes a value as Go does without `SetEscapeHTML`. */
export const toPlainJson = (value: Value): string => encode(value, unsafeInJavaScript)

function encode(value: Value, unsafe: RegExp): string {
  const inside = (item: Value) => encode(item, unsafe)
  if (typeof value === 'string') return quoteJson(value, unsafe)
  if (isList(value)) return `[${value.map(inside).join(',')}]`
  if (!isMap(value)) return Object.is(value, -0) ? '-0' : String(value)
  const members = sortedEntries(value).map(
    ([key, member]) => `${quoteJson(key, unsafe)}:${inside(member)}`,
  )
  return `{${members.join(',')}}`
}

/** Go escapes these so that the text can be put into HTML or JavaScript. */
const unsafeInHtml = /[<>&\u2028\u2029]/g
const unsafeInJavaScript = /[\u2028\u2029]/g

function quoteJson(byteString: string, unsafe: RegExp): string {
  const quoted = mapRunes(byteString, ({ code }) =>
    code === undefined ? invalidByte : JSON.stringify(String.fromCodePoint(code)).slice(1, -1),
  )
  return `"${fromText(quoted.replaceAll(unsafe, escapeCode))}"`
}

/** What Go writes for a byte that isn't valid UTF-8. */
const invalidByte = '\\ufffd'

const escapeCode = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
