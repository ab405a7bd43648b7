import { marksIn } from './stand-in.ts'

/** Whether a value, as the commands read it, has a placeholder without a value. */
export const hasPlaceholder = (text: string): boolean => marksIn(text).length > 0

/** Whether two names may be the same once the placeholders in them have values. */
export function mayEqual(name: string, other: string): boolean {
  if (name === other || (hasPlaceholder(name) && hasPlaceholder(other))) return true
  return matches(name, other) || matches(other, name)
}

/** Whether a text begins like the pattern before its first stand-in, and ends like it after its last one. */
function matches(text: string, pattern: string): boolean {
  const found = marksIn(pattern)
  const [first] = found
  const last = found.at(-1)
  if (first === undefined || last === undefined) return false
  const head = pattern.slice(0, first.index)
  const tail = pattern.slice(last.index + last.mark.length)
  return text.length >= head.length + tail.length && text.startsWith(head) && text.endsWith(tail)
}
