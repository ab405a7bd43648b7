/**
 * The parts of a replacement as `Regexp.Expand` of Go reads it: text, and numbers of groups. `$name` is as long as letters, digits
 * and `_` follow, so `$1a` is the group named `1a`. Names that no group has give nothing.
 *
 * @param named - the numbers of the groups with names
 */
export function parseReplacement(
  replacement: string,
  named: Readonly<Record<string, number>>,
): readonly (string | number)[] {
  const parts: (string | number)[] = []
  let end = 0
  for (const match of replacement.matchAll(references)) {
    parts.push(replacement.slice(end, match.index))
    end = match.index + match[0].length
    const name = match[1] ?? match[2]
    if (name === undefined) parts.push('$')
    else if (number.test(name)) parts.push(Number(name))
    else if (Object.hasOwn(named, name)) parts.push(named[name] ?? '')
  }
  return [...parts, replacement.slice(end)]
}

const references = /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu
/** Go knows no group with more digits, and takes a number with leading zeros for a name. */
const number = /^(?:0|[1-9]\d{0,8})$/
