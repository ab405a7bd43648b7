import { fromText } from '../model/byte-string.ts'
import { TemplateError } from '../model/template.ts'

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
}

const escapeSequence =
  /\\(?:([abfnrtv\\"])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|.)/gs

/**
 * Reads a string of Go with its quotes: `"…"` with escapes, or a raw string in backquotes.
 *
 * @returns a byte string
 */
export function unquote(quoted: string): string {
  const inner = quoted.slice(1, -1)
  // Go removes carriage returns from raw strings.
  if (quoted.startsWith('`')) return fromText(inner.replaceAll('\r', ''))
  let text = ''
  let from = 0
  for (const found of inner.matchAll(escapeSequence)) {
    text += fromText(inner.slice(from, found.index)) + bytesOf(found)
    from = found.index + found[0].length
  }
  return text + fromText(inner.slice(from))
}

function bytesOf([all, short, hex, octal, four, eight]: RegExpExecArray): string {
  if (short !== undefined) return escapes[short] ?? short
  const byte = hex === undefined ? octal && Number.parseInt(octal, 8) : Number.parseInt(hex, 16)
  if (typeof byte === 'number' && byte <= 255) return String.fromCharCode(byte)
  const code = Number.parseInt(four ?? eight ?? '', 16)
  const isCharacter = code <= 0x10_ffff && !(code >= 0xd800 && code <= 0xdfff)
  if (isCharacter) return fromText(String.fromCodePoint(code))
  throw new TemplateError(`a string has the escape ${all}, which Go doesn't accept`)
}
