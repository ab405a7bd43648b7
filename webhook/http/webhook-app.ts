import type { Decide } from './answer-request.ts'
import { addJsonBody } from './body/json-body.ts'
import { addMemoryBudget } from './body/memory-budget.ts'
import { addErrorAnswers } from './error-answers.ts'
import type { LogOptions } from './logger-options.ts'
import type { Metrics } from './metrics.ts'
import { addMutateRoute } from './mutate-route.ts'
import { refuser } from './refusal.ts'
import { createWebhookServer, type ServerLimits, type WebhookServer } from './webhook-server.ts'

export interface WebhookAppOptions {
  readonly decide: Decide
  readonly metrics: Metrics
  readonly log: LogOptions
  /** While true, each answer closes its connection. */
  readonly isDraining?: () => boolean
  readonly limits?: Partial<ServerLimits>
  /** A clock that never goes back. Default: the process's own. */
  readonly elapsedMs?: () => number
}

/** The admission endpoint, not listening yet, so that tests can use `inject`. */
export function buildWebhookApp(options: WebhookAppOptions): WebhookServer {
  const refuse = refuser(options.metrics)
  const app = createWebhookServer({ ...options, refuse })
  const { decide, metrics, isDraining = () => false, elapsedMs = () => performance.now() } = options
  app.addHook('onRequest', (_request, reply, next) => {
    if (isDraining()) reply.header('connection', 'close')
    next()
  })
  addErrorAnswers(app, refuse)
  addMemoryBudget(app, { refuse, elapsedMs })
  addJsonBody(app)
  addMutateRoute(app, { decide, metrics, refuse })
  return app
}
