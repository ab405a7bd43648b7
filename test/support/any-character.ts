import fc from 'fast-check'

const surrogates = { first: 0xd800, count: 0x800 }

/**
 * The unit of a string of any code points. fast-check's own, `binary`, makes a map of all of them first, which takes longer than
 * most tests do.
 */
export const anyCharacter: fc.Arbitrary<string> = fc
  .nat({ max: 0x10ffff - surrogates.count })
  .map(
    (index) => String.fromCodePoint(index < surrogates.first ? index : index + surrogates.count),
    indexOf,
  )

/** fast-check asks for it to put dangerous texts, such as `__proto__`, among the strings. */
function indexOf(text: unknown): number {
  const point = typeof text === 'string' ? text.codePointAt(0) : undefined
  if (point === undefined || text !== String.fromCodePoint(point))
    throw new Error('not a character')
  if (point < surrogates.first) return point
  if (point < surrogates.first + surrogates.count) throw new Error('a surrogate')
  return point - surrogates.count
}
