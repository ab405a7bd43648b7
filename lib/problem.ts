/** Something a person has to change. `subject` is where: an annotation's key, a container, a field of the pod. */
export interface Problem {
  readonly subject: string
  /** What was found there, shortened and printable. */
  readonly found?: string
  /** What is wrong with it, what is accepted, what to do. */
  readonly sentence: string
}
