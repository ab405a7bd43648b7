import { printable } from '../printable.ts'
import type { Problem } from './problem.ts'

/**
 * A problem as one line: `akv-injector.io/refresh "5x": expected …`.
 * A subject may be an unchecked annotation key, so every character of it is made printable.
 */
export function describeProblem({ subject, found, sentence }: Problem): string {
  const line =
    found === undefined ? `${subject}: ${sentence}` : `${subject} "${found}": ${sentence}`
  return printable(line, Number.POSITIVE_INFINITY)
}

/** Returns one line for each problem, indented below a title. */
export function describeProblems(problems: readonly Problem[]): readonly string[] {
  return problems.map((problem) => `  ${describeProblem(problem)}`)
}
