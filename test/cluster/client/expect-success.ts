import type { Answer } from './api.ts'

/** Returns an answer. @throws Error with the API server's message if the call failed */
export function expectSuccess(answer: Answer): Answer {
  if (answer.status < 300) return answer
  throw new Error(`the API server answers ${answer.status}: ${answer.body.message}`)
}
