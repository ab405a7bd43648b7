import { ApiException } from '@kubernetes/client-node'
import { reasonOf } from '../lib/reason-of.ts'
import { objectAt } from '../lib/shape.ts'

/** Returns undefined if the object doesn't exist. Throws a readable Error for any other failure. */
export async function ifFound<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request
  } catch (error) {
    if (isAnswer(error, 404)) return undefined
    throw asSentence(error)
  }
}

/** Whether the API server answered with one of these statuses. */
export const isAnswer = (error: unknown, ...statuses: readonly number[]): boolean =>
  error instanceof ApiException && statuses.includes(error.code)

/** Shortens the client's own message, which contains all headers and the whole body. */
export function asSentence(error: unknown): Error {
  if (error instanceof ApiException)
    return new Error(`the API server answered ${error.code}: ${statusMessage(error.body)}`)
  const { cause } = error as { cause?: unknown }
  // fetch's own message is only "fetch failed".
  return new Error(
    `cannot reach the API server: ${reasonOf(cause instanceof Error ? cause : error)}`,
  )
}

function statusMessage(body: unknown): string {
  const { message } = statusOf(body)
  return typeof message === 'string' ? message.slice(0, 500) : 'no reason given'
}

/** The parts of an error answer. */
export interface FailedAnswer {
  readonly status: number
  /** The Status object of the answer, unchecked. It may quote the request. */
  readonly said: Readonly<Record<string, unknown>>
  readonly header: (name: string) => string | undefined
}

/** Returns undefined if the API server wasn't reached. */
export function answerOf(error: unknown): FailedAnswer | undefined {
  if (!(error instanceof ApiException)) return undefined
  const { code, body, headers } = error
  return { status: code, said: statusOf(body), header: (name) => headers[name] }
}

function statusOf(body: unknown): Readonly<Record<string, unknown>> {
  try {
    return objectAt(typeof body === 'string' ? JSON.parse(body) : body)
  } catch {
    return {}
  }
}
