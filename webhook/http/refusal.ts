import type { FastifyReply } from 'fastify'
import type { Metrics } from './metrics.ts'

export interface Refusal {
  /** An HTTP status of 400 and above. */
  readonly status: number
  /** What was expected, what was found. */
  readonly sentence: string
}

export type Refuse = (reply: FastifyReply, refusal: Refusal) => FastifyReply

/**
 * Answers with a sentence. As plain text, because the API server repeats such a body to whoever created the pod;
 * and closes the connection: the API server's requests are in order, and from others nothing more is wanted.
 */
export const refuser =
  (metrics: Metrics): Refuse =>
  (reply, { status, sentence }) => {
    metrics.countAdmission({ outcome: 'invalid', durationMs: reply.elapsedTime })
    reply.log.info({ outcome: 'invalid', status, problem: sentence }, 'refused')
    return reply
      .code(status)
      .header('connection', 'close')
      .type('text/plain; charset=utf-8')
      .send(`${sentence}\n`)
  }

/** A refusal from where only an error can be handed on. */
export const refusalError = ({ status, sentence }: Refusal): Error =>
  Object.assign(new Error(sentence), { statusCode: status })
