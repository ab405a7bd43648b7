import type { FastifyReply, FastifyRequest } from 'fastify'
import type { LineLimit } from '../../lib/log/limit-lines.ts'
import type { LookedUp } from '../../requests/class/looked-up.ts'
import type { LookUp } from '../api-server/look-up.ts'
import { type AdmissionRequest, readAdmissionReview } from '../core/model/admission-review.ts'
import type { TakeTurn } from '../sharing/turns.ts'
import { logAdmission } from './admission-log.ts'
import { answerRequest, type Decide } from './answer-request.ts'
import { announcedBytes, type MemoryBudget } from './body/memory-budget.ts'
import { sendAnswer } from './send-answer.ts'
import type { Metrics } from './server/metrics.ts'
import type { Refuse } from './server/refusal.ts'
import type { WebhookServer } from './server/webhook-server.ts'

interface MutateRouteOptions {
  readonly decide: Decide
  readonly lookUp: LookUp
  readonly metrics: Metrics
  readonly refuse: Refuse
  readonly limitLines: LineLimit
  readonly takeTurn: TakeTurn
  readonly memory: MemoryBudget
  /** While true, each answer closes its connection. */
  readonly isDraining: () => boolean
}

export const mutatePath = '/mutate'
/** For namespaces in which volumes of the CSI driver are served. */
export const csiPath = '/mutate/csi'

/**
 * Serves `POST /mutate` and `POST /mutate/csi`, which take and give an AdmissionReview. The answer to any body is a review
 * or a 4xx. The first answers at once; the second may have to look up objects first.
 */
export function addMutateRoutes(app: WebhookServer, options: MutateRouteOptions): void {
  const { decide, lookUp, refuse, takeTurn } = options

  const read = (httpRequest: FastifyRequest, reply: FastifyReply): AdmissionRequest | undefined => {
    const review = readAdmissionReview(httpRequest.body)
    if (review.kind === 'valid') return review.value
    refuse(reply, { status: 400, sentence: review.problem })
    return undefined
  }

  app.post(mutatePath, (httpRequest, reply) => {
    const request = read(httpRequest, reply)
    if (request === undefined) return
    respond(app, reply, { ...options, request })
  })

  app.post(csiPath, async (httpRequest, reply) => {
    const request = read(httpRequest, reply)
    if (request === undefined) return reply
    const caller = { address: httpRequest.ip, namespace: request.namespace }
    const bodyBytes = announcedBytes(httpRequest.headers)
    const prepared = lookUp(request, { caller, bodyBytes }).then(
      (lookedUp) => ({ lookedUp, decide: (review: AdmissionRequest) => decide(review, lookedUp) }),
      (error: unknown) => ({
        decide() {
          throw error
        },
      }),
    )
    const answer = await prepared
    // Many look-ups may end in the same turn of the event loop.
    takeTurn(caller, () => {
      if (!httpRequest.raw.socket.destroyed) respond(app, reply, { ...options, request, ...answer })
    })
    return reply
  })
}

function respond(
  app: WebhookServer,
  reply: FastifyReply,
  options: MutateRouteOptions & {
    readonly request: AdmissionRequest
    readonly lookedUp?: LookedUp
  },
): void {
  const { request, lookedUp, decide, metrics, limitLines, memory, isDraining } = options
  const { outcome, body } = answerRequest(request, decide)
  const durationMs = reply.elapsedTime
  metrics.countAdmission({
    outcome: outcome.kind,
    durationMs,
    ...(outcome.kind === 'skipped' && { reason: outcome.reason }),
  })
  const classes = [...(lookedUp?.classes.keys() ?? [])]
  limitLines(outcome.kind, (leftOut) =>
    logAdmission(app.log, { request, classes, outcome, durationMs, leftOut }),
  )
  if (isDraining()) reply.header('connection', 'close')
  const bytes = Buffer.byteLength(body)
  if (memory.holdAnswer(reply.request, bytes)) sendAnswer(reply, body, bytes)
  else memory.refuse(reply)
}
