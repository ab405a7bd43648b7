import type { ProblemField } from '../../../lib/problems/problem.ts'

/** An object that an annotation requests, and where: `akv-injector.io/secrets, entry "db=db-password"`. */
export interface Requested<T> {
  readonly field: ProblemField
  readonly wanted: T
}
