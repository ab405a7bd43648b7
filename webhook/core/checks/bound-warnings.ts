import { describeProblem, type Problem, plainProblem } from '../../../lib/problems/problem.ts'
import { warningPrefix } from '../model/outcome.ts'

/** The API server truncates a longer warning, and drops warnings beyond a total of 4,096 characters (`warning.Recorder`). */
const maxCharacters = 256 - warningPrefix.length
const maxWarnings = 16

/** Keeps as many warnings as the API server would show, and adds one that counts the others. */
export function boundWarnings(warnings: readonly Problem[]): readonly Problem[] {
  const byText = new Map(warnings.map((warning) => [describeProblem(warning), warning]))
  const distinct = [...byText].map(([text, warning]) =>
    text.length > maxCharacters
      ? plainProblem(`${text.slice(0, maxCharacters - 1).toWellFormed()}…`, warning.path)
      : warning,
  )
  if (distinct.length <= maxWarnings) return distinct
  const shown = distinct.slice(0, maxWarnings - 1)
  return [...shown, plainProblem(`${distinct.length - shown.length} more warnings`)]
}
