import { printable } from '../printable.ts'
import type { FieldPath, Problem, ProblemPlace } from './problem.ts'

/**
 * A problem as one line: `akv-injector.io/refresh "5x": expected …`.
 * A place may be an unchecked annotation key, so every character of it is made printable.
 */
export function describeProblem({ found, sentence, ...place }: Problem): string {
  const name = describePlace(place)
  const subject = found === undefined ? name : `${name} "${found}"`
  return printable(subject === '' ? sentence : `${subject}: ${sentence}`, Number.POSITIVE_INFINITY)
}

/** Returns one line for each problem, indented below a title. */
export function describeProblems(problems: readonly Problem[]): readonly string[] {
  return problems.map((problem) => `  ${describeProblem(problem)}`)
}

/** Problems as one sentence, for an Event or a status. */
export const joinProblems = (problems: readonly Problem[]): string =>
  problems.map(describeProblem).join('; ')

/** How messages name a place: `akv-injector.io/refresh`, `spec.data[0].remoteRef`. */
export const describePlace = ({ path, subject }: ProblemPlace): string =>
  subject ?? describePath(path)

/** An annotation is known by its key alone, and the fields of a SecretProviderClass without `spec`. */
export function describePath(path: FieldPath): string {
  const [first, second, ...rest] = path
  const isAnnotation = first === 'metadata' && second === 'annotations' && rest.length > 0
  const isOfClass = first === 'spec' && (second === 'parameters' || second === 'secretObjects')
  const shown = isAnnotation ? rest : path.slice(isOfClass ? 1 : 0)
  return shown.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    return text === '' ? part : `${text}.${part}`
  }, '')
}
