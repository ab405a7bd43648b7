import { answerOf } from '../../kubernetes/answers.ts'
import { LargeAnswerError } from '../../kubernetes/connection.ts'
import { clusterError, type writeError } from './cluster-error.ts'

/** Awaits a request. If it fails, throws the error that `errorOf` creates from the answer, or LargeAnswerError. */
export async function ask<T>(
  what: string,
  request: Promise<T>,
  errorOf: typeof clusterError | typeof writeError = clusterError,
): Promise<T> {
  try {
    return await request
  } catch (error) {
    if (error instanceof LargeAnswerError) throw error
    throw errorOf({ answer: answerOf(error), what })
  }
}
