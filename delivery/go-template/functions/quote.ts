import { mapRunes } from '../model/byte-string.ts'

const escapes: ReadonlyMap<number, string> = new Map([
  [0x07, '\\a'],
  [0x08, '\\b'],
  [0x0c, '\\f'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x09, '\\t'],
  [0x0b, '\\v'],
  [0x22, '\\"'],
  [0x5c, '\\\\'],
])

/** Letters, marks, numbers, punctuation, symbols, and the blank: what Go prints as it is. */
const isPrintable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u

/** Quotes a byte string as Go's `strconv.Quote` does. */
export function quote(byteString: string): string {
  const quoted = mapRunes(byteString, ({ code, bytes }) => {
    if (code === undefined) return `\\x${hex(bytes.charCodeAt(0), 2)}`
    const isPlain = isPrintable.test(String.fromCodePoint(code))
    return escapes.get(code) ?? (isPlain ? bytes : escaped(code))
  })
  return `"${quoted}"`
}

function escaped(code: number): string {
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`
  return code < 0x1_0000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`
}

const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, '0')
