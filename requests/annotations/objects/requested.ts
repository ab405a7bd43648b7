import type { ProblemPlace } from '../../../lib/problems/problem.ts'

/** An object that an annotation requests, and where: `akv-injector.io/secrets, entry "db=db-password"`. */
export interface Requested<T> {
  readonly place: ProblemPlace
  readonly wanted: T
}
