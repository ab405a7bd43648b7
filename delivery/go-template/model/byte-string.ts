/**
 * Byte strings: one character for each byte, with the codes 0 to 255. Strings in Go hold any bytes, and a value may be binary,
 * so decoding values as UTF-8 would change them.
 */

export const fromBytes = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

export const toBytes = (byteString: string): Uint8Array => Buffer.from(byteString, 'latin1')

/** Encodes text as UTF-8. */
export const fromText = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** A character of a byte string. `code` is undefined for a byte that isn't valid UTF-8. */
interface Rune {
  readonly code: number | undefined
  readonly bytes: string
}

/** How many bytes follow a first byte, its bits that count, and the lowest code that needs that many. */
const forms = [
  { mask: 0xe0, lead: 0xc0, more: 1, lowest: 0x80 },
  { mask: 0xf0, lead: 0xe0, more: 2, lowest: 0x800 },
  { mask: 0xf8, lead: 0xf0, more: 3, lowest: 0x1_0000 },
] as const

/**
 * Decodes UTF-8 as Go does: each byte that isn't part of a valid character counts as one. Node's decoder would join some of
 * them.
 */
export function* runesOf(byteString: string): Generator<Rune> {
  for (let at = 0; at < byteString.length; ) {
    const rune = runeAt(byteString, at)
    yield rune
    at += rune.bytes.length
  }
}

function runeAt(byteString: string, at: number): Rune {
  const first = byteString.charCodeAt(at)
  const bytes = byteString.charAt(at)
  if (first < 0x80) return { code: first, bytes }
  const invalid: Rune = { code: undefined, bytes }
  const form = forms.find(({ mask, lead }) => (first & mask) === lead)
  if (form === undefined) return invalid
  let code = first & ~form.mask & 0xff
  for (let i = 1; i <= form.more; i++) {
    const next = byteString.charCodeAt(at + i)
    // Beyond the end, `next` is NaN, which has no bits.
    if ((next & 0xc0) !== 0x80) return invalid
    code = (code << 6) | (next & 0x3f)
  }
  const isSurrogate = code >= 0xd800 && code <= 0xdfff
  return code < form.lowest || code > 0x10_ffff || isSurrogate
    ? invalid
    : { code, bytes: byteString.slice(at, at + form.more + 1) }
}

/** Decodes UTF-8. Each byte that isn't valid becomes U+FFFD. */
export const toText = (byteString: string): string =>
  mapRunes(byteString, ({ code = 0xfffd }) => String.fromCodePoint(code))

const piecesAtOnce = 1024

/**
 * Joins what is made of each character. Adding so many pieces to one string would leave a tree of strings for the garbage
 * collector to follow, which takes longer than everything else.
 */
export function mapRunes(byteString: string, make: (rune: Rune) => string): string {
  const parts: string[] = []
  let pieces: string[] = []
  for (const rune of runesOf(byteString)) {
    pieces.push(make(rune))
    if (pieces.length < piecesAtOnce) continue
    parts.push(pieces.join(''))
    pieces = []
  }
  return parts.join('') + pieces.join('')
}
