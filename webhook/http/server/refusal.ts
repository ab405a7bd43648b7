import type { FastifyReply } from 'fastify'
import type { LineLimit } from '../../../lib/log/limit-lines.ts'
import type { Metrics } from './metrics.ts'

export interface Refusal {
  /** An HTTP status of 400 and above. */
  readonly status: number
  /** Says what was expected and what was found. */
  readonly sentence: string
}

export type Refuse = (reply: FastifyReply, refusal: Refusal) => FastifyReply

/**
 * Answers with a sentence as plain text, because the API server repeats such a body to the pod's author. Closes the
 * connection, because only a client other than the API server sends bad requests.
 */
export const refuser =
  (metrics: Metrics, limitLines: LineLimit): Refuse =>
  (reply, { status, sentence }) => {
    metrics.countAdmission({ outcome: 'invalid', durationMs: reply.elapsedTime })
    limitLines(`refused ${status}`, (leftOut) =>
      reply.log.info({ outcome: 'invalid', status, problem: sentence, ...leftOut }, 'refused'),
    )
    return reply
      .code(status)
      .header('connection', 'close')
      .type('text/plain; charset=utf-8')
      .send(`${sentence}\n`)
  }

/** A refusal as an error, for code that can only throw or pass on errors. */
export const refusalError = ({ status, sentence }: Refusal): Error =>
  Object.assign(new Error(sentence), { statusCode: status })
