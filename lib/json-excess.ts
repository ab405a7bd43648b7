/**
 * Checks the bytes of a body against bounds before it is parsed. Half a megabyte of `[` is cheap to send, but code that
 * walks the value would overflow the stack. Eight megabytes of `{},` become objects of fifty times that size.
 *
 * @param json - UTF-8; if it isn't JSON, the result doesn't matter, because parsing will refuse it
 * @returns `depth` if arrays and objects are nested more than `maxDepth` deep, `values` if they have more than
 *   `maxValues` elements and members in total, else undefined
 */
export function jsonExcess(
  json: Uint8Array,
  { maxDepth, maxValues }: { readonly maxDepth: number; readonly maxValues: number },
): 'depth' | 'values' | undefined {
  let depth = 0
  let values = 0
  let inString = false
  for (let i = 0; i < json.length; i++) {
    const byte = json[i]
    if (byte === quote) inString = !inString
    else if (inString) {
      if (byte === backslash) i++
    } else if (byte === openBrace || byte === openBracket) {
      values++
      if (++depth > maxDepth) return 'depth'
    } else if (byte === closeBrace || byte === closeBracket) depth--
    else if (byte === comma) values++
  }
  return values > maxValues ? 'values' : undefined
}

const quote = 0x22
const comma = 0x2c
const backslash = 0x5c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d
