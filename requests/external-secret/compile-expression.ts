import { RE2JS } from 're2js'

/** No name of a namespace is longer, and few names of keys, so a higher count has no use. */
export const maxCount = 63

/** The counts in an expression, such as 2 and 3 in `a{2,3}`. */
export const countsIn = (pattern: string): readonly number[] =>
  [...pattern.matchAll(/\{(\d*),?(\d*)\}/g)].map(([, from, to]) =>
    Math.max(Number(from), Number(to)),
  )

/** Compiles an expression that is matched in linear time. Undefined if Go would refuse it, or if it has too high a count. */
export function compileExpression(pattern: string): RE2JS | undefined {
  if (countsIn(pattern).some((count) => count > maxCount)) return undefined
  try {
    return RE2JS.compile(pattern)
  } catch {
    return undefined
  }
}
