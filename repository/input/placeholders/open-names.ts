import { marksIn } from './stand-in.ts'

/** Whether a value, as the commands read it, has a placeholder without a value. */
export const hasPlaceholder = (text: string): boolean => marksIn(text).length > 0

/** Whether two names may be the same once the placeholders in them have values. */
export function mayEqual(name: string, other: string): boolean {
  if (name === other || (hasPlaceholder(name) && hasPlaceholder(other))) return true
  return isFilledForm(name, other) || isFilledForm(other, name)
}

/** Whether a text is the pattern with something in place of each stand-in. */
export function isFilledForm(text: string, pattern: string): boolean {
  const found = marksIn(pattern)
  if (found.length === 0) return text === pattern
  let at = 0
  let end = 0
  for (const { mark, index } of found) {
    const piece = pattern.slice(end, index)
    const place = end === 0 ? 0 : text.indexOf(piece, at)
    if (place < 0 || !text.startsWith(piece, place)) return false
    at = place + piece.length
    end = index + mark.length
  }
  const tail = pattern.slice(end)
  return text.length >= at + tail.length && text.endsWith(tail)
}
