/**
 * Control, bidirectional and other formatting characters. They control a terminal, or make a line look like another.
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

/**
 * Makes untrusted text safe to show in a message, a log line or on a terminal. The result is one line, in which each
 * such character is escaped. Quotes and backslashes aren't escaped, so printable text doesn't change.
 *
 * @param maxLength - of the result, in characters; a longer text is cut off and gets an ellipsis
 */
export function printable(text: string, maxLength = 80): string {
  if (text.length <= maxLength && !unprintable.test(text)) return text
  // Joined, because a string that was put together character by character takes thirty bytes for each of them.
  const shown: string[] = []
  let length = 0
  for (const character of text) {
    const next = unprintable.test(character) ? escapeOf(character) : character
    length += next.length
    if (length > maxLength) return [...shown, '…'].join('')
    shown.push(next)
  }
  return shown.join('')
}

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function escapeOf(character: string): string {
  return shortEscapes[character] ?? `\\u{${character.codePointAt(0)?.toString(16)}}`
}
