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
