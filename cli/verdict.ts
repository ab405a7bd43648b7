import type { Problem } from '../webhook/core/outcome.ts'
import { describeProblems } from '../webhook/describe-problem.ts'

/** What `check` says of one object. */
export interface Verdict {
  readonly isDenied: boolean
  readonly lines: readonly string[]
}

export const wrong = (title: string, problems: readonly Problem[]): Verdict => ({
  isDenied: true,
  lines: [title, ...describeProblems(problems)],
})
