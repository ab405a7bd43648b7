import {
  isVariableName,
  maxVariableNameLength,
  type WantedFile,
  type WantedFind,
  type WantedTemplate,
  type WantedVariable,
} from '../../../delivery/contract.ts'
import { claimedPaths, pathConflicts, targetPathProblem } from '../../../delivery/target-path.ts'
import { printable } from '../../../lib/printable.ts'
import {
  describeField,
  maxProblems,
  type Problem,
  type ProblemField,
} from '../../../lib/problems/problem.ts'
import type { Requested } from './requested.ts'

/** Every pod sends one request to the vault for each version. */
const maxVersions = 1000
/** The length of all paths. Longer ones would not fit into the configuration, except below a common folder. */
const maxCharacters = 128 * 1024

/** The paths that one entry claims. */
interface Claim {
  readonly field: ProblemField
  readonly paths: readonly string[]
}

/** Problems with the paths of files: with each alone, and with several that conflict. */
export function pathProblems(
  files: readonly Requested<WantedFile>[],
  templates: readonly Requested<WantedTemplate>[],
  finds: readonly Requested<WantedFind>[] = [],
): readonly Problem[] {
  const together = { path: [], subject: 'the files' }
  const problems: Problem[] = []
  const versions = files.reduce((sum, { wanted }) => sum + (wanted.versions ?? 0), 0)
  if (versions > maxVersions)
    problems.push({
      ...together,
      sentence: `found ${versions} versions in all histories; accepted: at most ${maxVersions}`,
    })
  const claims = [
    ...files.map(({ field, wanted }) => ({ field, paths: pathsOf(wanted, versions) })),
    ...[...templates, ...finds].map(({ field, wanted }) => ({ field, paths: [wanted.path] })),
  ]
  const valid = claims.filter((claim) => {
    const sentence = claimProblem(claim)
    if (sentence !== undefined) problems.push({ ...claim.field, sentence })
    return sentence === undefined
  })
  const length = valid.flatMap(({ paths }) => paths).reduce((sum, path) => sum + path.length, 0)
  if (length > maxCharacters)
    problems.push({
      ...together,
      sentence: `found ${length} characters in all paths; accepted: at most ${maxCharacters}`,
    })
  else problems.push(...conflictProblems(valid))
  return problems
}

/** If there are too many versions, only their folders are checked, so that other files' problems are still reported. */
const pathsOf = (file: WantedFile, allVersions: number): readonly string[] =>
  file.versions !== undefined && allVersions > maxVersions ? [file.path] : claimedPaths(file)

/** The paths of one claim differ only in the last component, so checking the first and the last is enough. */
const claimProblem = ({ paths }: Claim): string | undefined =>
  [paths[0], paths.at(-1)]
    .map((path) => (path === undefined ? undefined : targetPathProblem(path)))
    .find((problem) => problem !== undefined)

function conflictProblems(claims: readonly Claim[]): readonly Problem[] {
  const conflicts = pathConflicts(claims.flatMap(({ paths }) => paths)).slice(0, maxProblems)
  if (conflicts.length === 0) return []
  const writers = new Map<string, ProblemField[]>()
  for (const { field, paths } of claims)
    for (const path of paths) if (!writers.get(path)?.push(field)) writers.set(path, [field])
  const instead = 'give one of them another target (TARGET=NAME, objectAlias)'
  return conflicts.flatMap(([file, other]) => {
    const [first, ...more] = writers.get(file) ?? []
    const owner = first === undefined ? '' : describeField(first)
    const path = printable(file)
    if (file === other)
      return more.slice(0, maxProblems).map((field) => ({
        ...field,
        sentence: `writes to the path "${path}", as ${owner} does; ${instead}`,
      }))
    return (writers.get(other) ?? []).slice(0, maxProblems).map((field) => ({
      ...field,
      sentence: `writes to "${printable(other)}", below "${path}", which ${owner} writes; ${instead}`,
    }))
  })
}

export const variableNameProblem = (name: string): string =>
  `"${printable(name)}" isn't a valid variable name: at most ${maxVariableNameLength} letters, digits and _, not beginning with a digit`

/** Problems with the names of variables, and with names used twice. */
export function variableProblems(env: readonly Requested<WantedVariable>[]): readonly Problem[] {
  const owners = new Map<string, string>()
  const problems: Problem[] = []
  for (const { field, wanted } of env) {
    if (problems.length >= maxProblems) break
    const { variable, object } = wanted
    const owner = owners.get(variable)
    if (!isVariableName(variable))
      problems.push({
        ...field,
        sentence: `${variableNameProblem(variable)}; write NAME=${object.name}`,
      })
    else if (owner === undefined) owners.set(variable, describeField(field))
    else
      problems.push({
        ...field,
        sentence: `sets the variable ${printable(variable)}, as ${owner} does; rename one: NAME=OBJECT`,
      })
  }
  return problems
}
