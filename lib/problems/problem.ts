import type { AkvErrorCode } from '../errors/akv-error.ts'
import { printable } from '../printable.ts'

/** The way to a value in its object: the names of members, and the indexes of lists. Empty for the object itself. */
export type FieldPath = readonly (string | number)[]

/** A mistake that a person has to correct. */
export interface Problem {
  /** Where it is: an annotation, a field of a pod or of another object, or the name of a setting. */
  readonly path: FieldPath
  /** How messages name the field, if not by its path. Empty if the sentence names the field. */
  readonly subject?: string
  /** The value found there, shortened and printable. */
  readonly found?: string
  /** What is wrong with it, what is accepted, what to do. */
  readonly sentence: string
  /** The code to report it with, if it isn't the one for mistakes in such an object. */
  readonly code?: SyncCode
}

/** The codes that only Secret sync and `check` report. */
export type SyncCode = Extract<AkvErrorCode, `AKV_SYNC_${string}`>

/** The field that a problem is in, and how messages name it. */
export type ProblemField = Pick<Problem, 'path' | 'subject'>

/** The path of an annotation. */
export const annotationPath = (key: string): FieldPath => ['metadata', 'annotations', key]

/** A problem that only its sentence describes. */
export const plainProblem = (sentence: string, path: FieldPath = []): Problem => ({
  path,
  subject: '',
  sentence,
})

/** Nobody corrects more problems at a time, but an attacker could send a pod that has a hundred thousand. */
export const maxProblems = 100

/** Of an object that Secret sync reads: each problem is kept, and an Event has room for a few. */
export const maxKeptProblems = 20

/**
 * A problem as one line: `akv-injector.io/refresh "5x": expected …`.
 * A field may be an unchecked annotation key, so every character of it is made printable.
 */
export function describeProblem({ found, sentence, ...field }: Problem): string {
  const name = describeField(field)
  const subject = found === undefined ? name : `${name} "${found}"`
  return printable(subject === '' ? sentence : `${subject}: ${sentence}`, Number.POSITIVE_INFINITY)
}

/** The problem of a part, in whose messages the field of the whole object comes first: `secretObjects, item 2: type "x": …`. */
export const problemWithin = (whole: ProblemField, problem: Problem): Problem => ({
  path: problem.path,
  subject: describeField(whole),
  sentence: describeProblem(problem),
})

/** Returns one line for each problem, indented below a title. */
export function describeProblems(problems: readonly Problem[]): readonly string[] {
  return problems.map((problem) => `  ${describeProblem(problem)}`)
}

/** Problems as one sentence, for an Event or a status. */
export const joinProblems = (problems: readonly Problem[]): string =>
  problems.map(describeProblem).join('; ')

/** How messages name a field: `akv-injector.io/refresh`, `spec.data[0].remoteRef`. */
export const describeField = ({ path, subject }: ProblemField): string =>
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
