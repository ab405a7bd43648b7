import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { finished } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { LineLimit } from '../../../lib/log/limit-lines.ts'
import { maxBodyBytes } from '../../body/max-body-bytes.ts'
import { createPieceLimit } from '../../body/piece-limit.ts'
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
 * connection, because only a client other than the API server sends bad requests, but not before the request has arrived:
 * Go's client sends it in pieces, and if it can't write one, it reports that in place of the answer.
 */
export const refuser =
  (metrics: Metrics, limitLines: LineLimit): Refuse =>
  (reply, { status, sentence }) => {
    metrics.countAdmission({ outcome: 'invalid', durationMs: reply.elapsedTime })
    limitLines(`refused ${status}`, (leftOut) =>
      reply.log.info({ outcome: 'invalid', status, problem: sentence, ...leftOut }, 'refused'),
    )
    reply.hijack()
    const body = `${sentence}\n`
    reply.raw.writeHead(status, {
      ...(reply.getHeaders() as OutgoingHttpHeaders),
      connection: 'close',
      'content-type': 'text/plain; charset=utf-8',
      'content-length': Buffer.byteLength(body),
    })
    reply.raw.write(body)
    discardBody(reply.request.raw, () => reply.raw.end())
    return reply
  }

/**
 * Reads what is left of a request, and keeps nothing of it.
 *
 * @param done - called at the request's end, and when it has more than an API server sends. The server's limit on the time of a
 *   request ends one that stays incomplete, and so does a shutdown.
 */
function discardBody(request: IncomingMessage, done: () => void): void {
  let left = maxBodyBytes
  const isTooMany = createPieceLimit()
  finished(request, done)
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (isTooMany(chunk.length) || left < 0) done()
  })
}

/** A refusal as an error, for code that can only throw or pass on errors. */
export const refusalError = ({ status, sentence }: Refusal): Error =>
  Object.assign(new Error(sentence), { statusCode: status })
