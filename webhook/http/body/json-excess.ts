/**
 * What a body has too much of, looked at in its bytes before it is parsed. Half a megabyte of `[` is cheap to send, and
 * whatever later walks the value would run out of stack; eight of `{},` make fifty times their size of objects.
 *
 * @param json - UTF-8; text that isn't JSON gets an answer too, which doesn't matter as parsing refuses it
 * @returns `depth` when arrays and objects stand in each other more than `maxDepth` deep, `values` when there are more
 *   than `maxValues` elements and members in all of them, else undefined
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
