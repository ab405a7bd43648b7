import type { FastifyReply, FastifyRequest } from 'fastify'
import { maxBodyBytes } from '../../body/max-body-bytes.ts'
import { type ByteBudgetOptions, createByteBudget, type Share } from '../../sharing/byte-budget.ts'
import type { Refusal, Refuse } from '../server/refusal.ts'
import type { WebhookServer } from '../server/webhook-server.ts'

export type MemoryBudget = ReturnType<typeof addMemoryBudget>

/**
 * Bounds the memory of all large bodies that are arriving, and of all large answers that aren't read yet. Each one is
 * bounded, but anybody on the pod network can open many connections.
 *
 * A body counts with its announced size, so one without is refused: an API server always announces it. Small bodies aren't counted,
 * because the number of connections bounds them.
 */
export function addMemoryBudget(
  app: WebhookServer,
  { refuse, elapsedMs }: { readonly refuse: Refuse } & Pick<ByteBudgetOptions, 'elapsedMs'>,
) {
  const budget = createByteBudget({ maxBytes: budgetBytes, elapsedMs })
  const shares = new WeakMap<FastifyRequest, Share>()

  /** Replaces the bytes that a request holds. Gives false if they aren't available. */
  function hold(request: FastifyRequest, bytes: number): boolean {
    shares.get(request)?.release()
    if (bytes <= smallBytes) return true
    const end = () => request.raw.socket.destroy()
    const share = budget.take({ caller: { address: request.ip, namespace: '' }, bytes, end })
    if (share !== undefined) shares.set(request, share)
    return share !== undefined
  }

  app.addHook('onRequest', (request, reply, next) => {
    // The request itself emits no `close` if it was answered before its body arrived.
    reply.raw.once('close', () => shares.get(request)?.release())
    if (request.headers['transfer-encoding'] !== undefined) refuse(reply, noLength)
    else if (hold(request, announcedBytes(request.headers))) next()
    else refuseTooMany(reply)
  })
  // The body of a refused request is discarded as it arrives.
  app.addHook('onError', (request, _reply, _error, next) => {
    shares.get(request)?.release()
    next()
  })

  const refuseTooMany = (reply: FastifyReply) => {
    refuse(reply.header('retry-after', '1'), tooMany)
  }
  return {
    /** Holds the memory of an answer in place of its request's. Gives false if too little is available. */
    holdAnswer: hold,
    /** Refuses a request for which too little memory is available. */
    refuse: refuseTooMany,
  }
}

/** The size of a body as its headers announce it, or the largest allowed size if that is less. */
export const announcedBytes = ({
  'content-length': length = '0',
}: {
  readonly 'content-length'?: string | undefined
}): number => Math.min(Number(length), maxBodyBytes)

const noLength: Refusal = {
  status: 411,
  sentence: 'expected a Content-Length, as an API server sends, found Transfer-Encoding',
}
const tooMany: Refusal = { status: 429, sentence: 'too many large requests at once; try again' }
const smallBytes = 64 * 1024
const budgetBytes = 64 * 1024 * 1024
