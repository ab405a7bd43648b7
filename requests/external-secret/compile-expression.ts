import { RE2JS } from 're2js'

/** No name of a namespace is longer, and few names of keys, so a higher count has no use. */
export const maxCount = 63

/** The counts in an expression, such as 2 and 3 in `a{2,3}`. */
const countsIn = (pattern: string): readonly number[] =>
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

/** How large an expression may get: its length, multiplied by all of its counts, and the steps that it is compiled to. */
const maxSize = 4096
const maxSteps = 1000

/** What {@link isUsableExpression} accepts, for messages. */
export const usableExpression = `expected a regular expression of Go with at most ${maxSize} characters, multiplied by all of its counts, and no count above ${maxCount}`

/** Whether an expression compiles, and is small enough to be run on many names. */
export function isUsableExpression(pattern: string): boolean {
  const size = countsIn(pattern).reduce((size, count) => size * Math.max(count, 1), pattern.length)
  const steps = size > maxSize ? undefined : compileExpression(pattern)?.programSize()
  return steps !== undefined && steps <= maxSteps
}
