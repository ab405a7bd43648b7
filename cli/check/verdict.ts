import { describeProblems } from '../../lib/describe-problem.ts'
import type { Problem } from '../../lib/problem.ts'
import type { Task } from './task.ts'

/** What `check` reports about one object. */
export interface Verdict {
  readonly isDenied: boolean
  readonly lines: readonly string[]
  /** What somebody has to do before the object is applied. */
  readonly tasks?: readonly Task[]
}

export const wrong = (title: string, problems: readonly Problem[]): Verdict => ({
  isDenied: true,
  lines: [title, ...describeProblems(problems)],
})
