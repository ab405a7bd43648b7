import type { ListenAddress } from '../lib/server/listen-address.ts'
import { type Health, serveHealth } from '../lib/server/serve-health.ts'
import type { ReconcileStatus } from './controller.ts'
import { certsMetrics } from './metrics.ts'

interface CertsHealthOptions {
  readonly listen: ListenAddress
  readonly status: () => ReconcileStatus
  readonly elapsedMs: () => number
  /** If the last round ended longer ago than this, the loop is stuck. */
  readonly staleMs: number
}

/**
 * `/healthz` reports whether the loop runs. It ignores what the loop finds, because a restart can't fix that. `/readyz`
 * reports whether everything is in place, and if not, what is missing. `/metrics` reports both to Prometheus.
 *
 * @throws Error if it can't listen
 */
export const serveCertsHealth = (options: CertsHealthOptions): Promise<Health> => {
  const { listen, status, elapsedMs, staleMs } = options
  return serveHealth({
    listen,
    checks: {
      '/healthz': () =>
        elapsedMs() - status().atMs > staleMs ? 'has not reconciled for too long' : undefined,
      '/readyz': () => status().problem,
    },
    metrics: async () => certsMetrics(status(), elapsedMs()),
  })
}
