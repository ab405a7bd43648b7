/** The way to a value in its object: the names of members, and the indexes of lists. Empty for the object itself. */
export type FieldPath = readonly (string | number)[]

/** A mistake that a person has to correct. */
export interface Problem {
  /** Where it is: an annotation, a field of a pod or of another object, or the name of a setting. */
  readonly path: FieldPath
  /** How messages name the place, if not by its path. Empty if the sentence names the place. */
  readonly subject?: string
  /** The value found there, shortened and printable. */
  readonly found?: string
  /** What is wrong with it, what is accepted, what to do. */
  readonly sentence: string
}

/** Where a problem is, and how messages name that place. */
export type ProblemPlace = Pick<Problem, 'path' | 'subject'>

/** The place of an annotation. */
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
