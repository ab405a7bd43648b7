import { maxBodyBytes } from './json-body.ts'
import type { Refuse } from './refusal.ts'
import type { WebhookServer } from './webhook-server.ts'

/**
 * Bounds what all bodies together may take while they arrive: each one alone is bounded, but anybody in the cluster
 * can open many connections. A large body is counted by its announced size, or by the largest one if it announces
 * none; small ones, which real reviews are, pass always.
 */
export function addBodyBudget(app: WebhookServer, refuse: Refuse): void {
  let reservedBytes = 0
  app.addHook('onRequest', (request, reply, next) => {
    const bytes = announcedBytes(request.headers)
    if (bytes <= smallBodyBytes) return next()
    if (reservedBytes + bytes > budgetBytes) {
      reply.header('retry-after', '1')
      refuse(reply, { status: 429, sentence: 'too many large requests at once; try again' })
      return
    }
    reservedBytes += bytes
    request.raw.once('close', () => {
      reservedBytes -= bytes
    })
    next()
  })
}

interface Headers {
  readonly 'content-length'?: string | undefined
  readonly 'transfer-encoding'?: string | undefined
}

const announcedBytes = (headers: Headers): number =>
  headers['transfer-encoding'] === undefined
    ? Math.min(Number(headers['content-length'] ?? 0), maxBodyBytes)
    : maxBodyBytes

const smallBodyBytes = 64 * 1024
const budgetBytes = 8 * maxBodyBytes
