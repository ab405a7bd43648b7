/**
 * A mistake that a person has to correct. `subject` is its place: the key of an annotation, a container, a field of the
 * pod.
 */
export interface Problem {
  readonly subject: string
  /** The value found there, shortened and printable. */
  readonly found?: string
  /** What is wrong with it, what is accepted, what to do. */
  readonly sentence: string
}

/** Nobody corrects more problems at a time, but an attacker could send a pod that has a hundred thousand. */
export const maxProblems = 100
