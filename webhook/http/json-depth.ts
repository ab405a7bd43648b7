/**
 * True when arrays and objects stand in each other more than `maxDepth` deep. Looks at the bytes before they are
 * parsed: half a megabyte of `[` is cheap to send, and whatever later walks the value would run out of stack.
 *
 * @param json - UTF-8; text that isn't JSON gets an answer too, which doesn't matter as parsing refuses it
 */
export function isDeeperThan(json: Uint8Array, maxDepth: number): boolean {
  let depth = 0
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]
    if (byte === quote) at = endOfText(json, at + 1)
    else if (byte === openBrace || byte === openBracket) {
      if (++depth > maxDepth) return true
    } else if (byte === closeBrace || byte === closeBracket) depth--
  }
  return false
}

/** Where the quote is that ends the text from `at` on. */
function endOfText(json: Uint8Array, at: number): number {
  while (at < json.length && json[at] !== quote) at += json[at] === backslash ? 2 : 1
  return at
}

const quote = 0x22
const backslash = 0x5c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d
