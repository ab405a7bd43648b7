import type { Answer } from './api.ts'

/** @throws Error with the API server's sentence, for a call that has to succeed */
export function expectSuccess(answer: Answer): Answer {
  if (answer.status < 300) return answer
  throw new Error(`the API server answers ${answer.status}: ${answer.body.message}`)
}
