/** Controls, changes of direction and other formatting: they make a terminal act, or one line read as another. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

/**
 * Makes somebody else's text safe to show in a message, a log line or on a terminal. The result is one line, in which
 * each such character stands as an escape. Quotes and backslashes stay as they are, so that a text which is printable
 * already doesn't change.
 *
 * @param maxLength - in characters, of what is shown: a longer text ends in an ellipsis behind that
 */
export function printable(text: string, maxLength = 80): string {
  if (text.length <= maxLength && !unprintable.test(text)) return text
  let shown = ''
  for (const character of text) {
    const next = unprintable.test(character) ? escapeOf(character) : character
    if (shown.length + next.length > maxLength) return `${shown}…`
    shown += next
  }
  return shown
}

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function escapeOf(character: string): string {
  return shortEscapes[character] ?? `\\u{${character.codePointAt(0)?.toString(16)}}`
}
