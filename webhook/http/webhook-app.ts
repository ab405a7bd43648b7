import { createLineLimit } from '../../lib/log/limit-lines.ts'
import { type LookUp, refuseLookUps } from '../api-server/look-up.ts'
import { createTurns, type TakeTurn } from '../sharing/turns.ts'
import type { Decide } from './answer-request.ts'
import { addJsonBody } from './body/json-body.ts'
import { addMemoryBudget } from './body/memory-budget.ts'
import { addErrorAnswers } from './error-answers.ts'
import { addMutateRoutes } from './mutate-route.ts'
import { type RequireClientOptions, requireClient } from './require-client.ts'
import type { LogOptions } from './server/logger-options.ts'
import type { Metrics } from './server/metrics.ts'
import { refuser } from './server/refusal.ts'
import {
  createWebhookServer,
  type ServerLimits,
  type WebhookServer,
} from './server/webhook-server.ts'

export interface WebhookAppOptions {
  readonly decide: Decide
  /** Default: it looks up nothing, and says so. */
  readonly lookUp?: LookUp
  /** Default: turns of its own. */
  readonly takeTurn?: TakeTurn
  readonly metrics: Metrics
  readonly log: LogOptions
  /** While true, each answer closes its connection. */
  readonly isDraining?: () => boolean
  readonly limits?: Partial<ServerLimits>
  /** Which clients are accepted. Absent: all. */
  readonly clients?: Omit<RequireClientOptions, 'refuse'>
  /** A clock that never goes back. Default: the process's own. */
  readonly elapsedMs?: () => number
}

/** The admission endpoint, not listening yet, so that tests can use `inject`. */
export function buildWebhookApp(options: WebhookAppOptions): WebhookServer {
  const { clients, decide, metrics, lookUp = refuseLookUps } = options
  const { isDraining = () => false, elapsedMs = () => performance.now() } = options
  const refuse = refuser(metrics, createLineLimit({ ...refusalLines, elapsedMs }))
  const limitLines = createLineLimit({ ...admissionLines, elapsedMs })
  const app = createWebhookServer({
    ...options,
    refuse,
    asksForCertificate: clients !== undefined,
  })
  // First, so that no other hook works for a stranger.
  if (clients) requireClient(app, { ...clients, refuse })
  addErrorAnswers(app, { refuse, limitLines })
  const memory = addMemoryBudget(app, { refuse, elapsedMs })
  const { takeTurn = createTurns({ elapsedMs }) } = options
  addJsonBody(app, { takeTurn })
  addMutateRoutes(app, {
    decide,
    lookUp,
    takeTurn,
    memory,
    metrics,
    refuse,
    limitLines,
    isDraining,
  })
  return app
}

/** The API server sends no bad requests, so a line now and then is enough to find who does. */
const refusalLines = { maxLines: 1, intervalMs: 10_000 }
/** Far more pods than a cluster creates, for each outcome. */
const admissionLines = { maxLines: 1_000, intervalMs: 10_000 }
