import type { ListenAddress } from '../lib/listen-address.ts'
import { type Health, serveHealth } from '../lib/serve-health.ts'
import type { LookStatus } from './controller.ts'

export interface CertsHealthOptions {
  readonly listen: ListenAddress
  readonly status: () => LookStatus
  readonly elapsedMs: () => number
  /** A loop that hasn't looked for so long hangs. */
  readonly staleMs: number
}

/**
 * `/healthz`: the loop is alive, whatever it finds, as a restart heals nothing in the cluster. `/readyz`: everything
 * is in place, else why not.
 *
 * @throws Error when it can't listen
 */
export const serveCertsHealth = (options: CertsHealthOptions): Promise<Health> => {
  const { listen, status, elapsedMs, staleMs } = options
  return serveHealth({
    listen,
    checks: {
      '/healthz': () =>
        elapsedMs() - status().atMs > staleMs ? 'has not looked for too long' : undefined,
      '/readyz': () => status().problem,
    },
  })
}
