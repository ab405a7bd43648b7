import { describeProblem, type Problem } from '../../../lib/problems/problem.ts'
import { findPosition, type InDocument } from '../../check/findings/find-position.ts'
import { titleOf } from '../../input/objects/title-of.ts'
import { describeSource } from '../../input/text/file-error.ts'

type Titled = InDocument & Parameters<typeof titleOf>[0]

/**
 * Describes why an object gets no commands, as `check` does: a line with the object and its file, and a line for each
 * problem, with its line in the file.
 */
export const mistakeLines = (
  object: Titled,
  sentence: string,
  problems: readonly Problem[] = [],
): readonly string[] => [
  `${titleOf(object)} (${describeSource(object.manifest.source)}): ${sentence}`,
  ...problems.map((problem) => {
    const position = findPosition(object, problem.path)
    const line = position === undefined ? '' : `line ${position.line}: `
    return `  ${line}${describeProblem(problem)}`
  }),
]
