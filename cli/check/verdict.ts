import { describeProblems } from '../../lib/describe-problem.ts'
import type { Problem } from '../../lib/problem.ts'

/** What `check` reports about one object. */
export interface Verdict {
  readonly isDenied: boolean
  readonly lines: readonly string[]
}

export const wrong = (title: string, problems: readonly Problem[]): Verdict => ({
  isDenied: true,
  lines: [title, ...describeProblems(problems)],
})
