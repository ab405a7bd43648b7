import type { LineLimit } from '../../lib/log/limit-lines.ts'
import { readAdmissionReview } from '../core/admission-review.ts'
import { logAdmission } from './admission-log.ts'
import { answerRequest, type Decide } from './answer-request.ts'
import type { Metrics } from './metrics.ts'
import type { Refuse } from './refusal.ts'
import type { WebhookServer } from './webhook-server.ts'

export interface MutateRouteOptions {
  readonly decide: Decide
  readonly metrics: Metrics
  readonly refuse: Refuse
  readonly limitLines: LineLimit
}

export const mutatePath = '/mutate'

/** Serves `POST /mutate`, which takes and gives an AdmissionReview. The answer to any body is a review or a 4xx. */
export function addMutateRoute(app: WebhookServer, options: MutateRouteOptions): void {
  const { decide, metrics, refuse, limitLines } = options
  app.post(mutatePath, (httpRequest, reply) => {
    const review = readAdmissionReview(httpRequest.body)
    if (review.kind === 'invalid') return refuse(reply, { status: 400, sentence: review.problem })
    const request = review.value

    const { outcome, body } = answerRequest(request, decide)
    const durationMs = reply.elapsedTime
    metrics.countAdmission({
      outcome: outcome.kind,
      durationMs,
      ...(outcome.kind === 'skipped' && { reason: outcome.reason }),
    })
    limitLines(outcome.kind, (leftOut) =>
      logAdmission(app.log, { request, outcome, durationMs, leftOut }),
    )
    return reply.type('application/json; charset=utf-8').send(body)
  })
}
