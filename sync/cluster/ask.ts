import { answerOf } from '../../kubernetes/answers.ts'
import { clusterError, type writeError } from './cluster-error.ts'

/** Awaits a request. If it fails, throws the error that `errorOf` creates from the answer. */
export async function ask<T>(
  what: string,
  request: Promise<T>,
  errorOf: typeof clusterError | typeof writeError = clusterError,
): Promise<T> {
  try {
    return await request
  } catch (error) {
    throw errorOf({ answer: answerOf(error), what })
  }
}
