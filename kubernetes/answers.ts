import { ApiException } from '@kubernetes/client-node'
import { reasonOf } from '../lib/reason-of.ts'

/** Undefined where there is no such object; whatever else is wrong is thrown as a sentence. */
export async function ifFound<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request
  } catch (error) {
    if (isAnswer(error, 404)) return undefined
    throw asSentence(error)
  }
}

/** Whether the API server answered, and with one of these statuses. */
export const isAnswer = (error: unknown, ...statuses: readonly number[]): boolean =>
  error instanceof ApiException && statuses.includes(error.code)

/** The client's own message holds all headers and the whole body. */
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

/** An answer that is no success, taken apart. */
export interface Answer {
  readonly status: number
  /** What its Status says, unchecked. It may quote what was sent. */
  readonly said: Readonly<Record<string, unknown>>
  readonly header: (name: string) => string | undefined
}

/** Undefined for an error that is no answer: there was none. */
export function answerOf(error: unknown): Answer | undefined {
  if (!(error instanceof ApiException)) return undefined
  const { code, body, headers } = error
  return { status: code, said: statusOf(body), header: (name) => headers[name] }
}

function statusOf(body: unknown): Readonly<Record<string, unknown>> {
  try {
    const status: unknown = typeof body === 'string' ? JSON.parse(body) : body
    return typeof status === 'object' && status !== null ? (status as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
