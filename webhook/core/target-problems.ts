import {
  isVariableName,
  maxVariableNameLength,
  type WantedFile,
  type WantedTemplate,
  type WantedVariable,
} from '../../init-agent/contract.ts'
import { claimedPaths, pathConflicts, targetPathProblem } from '../../init-agent/target-path.ts'
import { printable } from '../../text/printable.ts'
import type { Problem } from './outcome.ts'
import { annotationPrefix } from './vocabulary.ts'

/** Each version is a request to the vault, in every pod. */
const maxVersions = 1000
/** Of all paths: more would not fit into the configuration, but for what is written below one folder. */
const maxCharacters = 128 * 1024

/** What is wrong with where files are to be written, each alone and beside the others. */
export function pathProblems(
  files: readonly WantedFile[],
  templates: readonly WantedTemplate[],
): readonly Problem[] {
  const subject = 'the files'
  const versions = files.reduce((sum, file) => sum + (file.versions ?? 0), 0)
  if (versions > maxVersions)
    return [
      {
        subject,
        sentence: `${versions} versions of histories are too many: ${maxVersions} at most`,
      },
    ]
  const paths = [...files.flatMap(claimedPaths), ...templates.map(({ path }) => path)]
  const length = paths.reduce((sum, path) => sum + path.length, 0)
  if (length > maxCharacters)
    return [
      {
        subject,
        sentence: `their paths have ${length} characters together: ${maxCharacters} at most`,
      },
    ]
  const problems: Problem[] = []
  const valid = paths.filter((path) => {
    const sentence = targetPathProblem(path)
    if (sentence !== undefined) problems.push({ subject, found: printable(path), sentence })
    return sentence === undefined
  })
  for (const [a, b] of pathConflicts(valid))
    problems.push({
      subject,
      found: printable(b),
      sentence:
        a === b
          ? 'two entries would be written to this path; give one another target (TARGET=NAME, objectAlias)'
          : `cannot be written below "${printable(a)}", which another entry writes; give one another target (TARGET=NAME, objectAlias)`,
    })
  return problems
}

/** What is wrong with the names of variables. */
export function variableProblems(env: readonly WantedVariable[]): readonly Problem[] {
  const subject = `${annotationPrefix}env`
  const seen = new Set<string>()
  const problems: Problem[] = []
  for (const { variable, object } of env) {
    const found = printable(variable)
    if (!isVariableName(variable))
      problems.push({
        subject,
        found,
        sentence: `isn't a valid name of a variable: ${maxVariableNameLength} letters, digits and _ at most, no digit first; write NAME=${object.name}`,
      })
    else if (seen.has(variable))
      problems.push({
        subject,
        found,
        sentence: 'two entries would set this variable; rename one: NAME=OBJECT',
      })
    seen.add(variable)
  }
  return problems
}
