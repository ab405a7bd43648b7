import { reasonOf } from '../../lib/reason-of.ts'
import { type Health, serveHealth } from '../../lib/server/serve-health.ts'
import type { AgentContext } from '../context/agent-context.ts'

const limits = {
  /** A few Prometheus servers scrape a pod. */
  maxConnections: 8,
  /**
   * A closed connection leaves 4 KiB that V8 frees only much later. Prometheus closes its connection itself, 5 minutes after the
   * last scrape.
   */
  keepAliveMs: 310_000,
}

/**
 * Serves `/metrics` at the port, on all addresses of the pod, until the agent stops.
 *
 * @param served - `text`: gives the metrics in Prometheus' text format
 * @returns tries to listen, unless it listens already. A port that is taken is logged and does no harm, so the agent tries
 *   again after each refresh.
 */
export function serveMetrics(
  { log, signal }: Pick<AgentContext, 'log' | 'signal'>,
  { port, text }: { readonly port: number; readonly text: () => string },
): () => Promise<void> {
  let server: Health | undefined
  let hasFailed = false
  signal.addEventListener('abort', () => server?.close(), { once: true })
  return async () => {
    if (server !== undefined || signal.aborted) return
    try {
      server = await serveHealth({
        listen: { port },
        checks: {},
        metrics: async () => {
          // Only an agent in V8's lite mode can call it. Such an agent keeps its heap small, and scrapes would fill the young
          // generation.
          globalThis.gc?.({ type: 'minor' })
          return text()
        },
        limits,
      })
      if (signal.aborted) server.close()
      else log.info('serving metrics', { port })
    } catch (error) {
      const line = 'the agent cannot serve metrics, and tries again after each refresh'
      log[hasFailed ? 'debug' : 'warn'](line, { port, reason: reasonOf(error) })
      hasFailed = true
    }
  }
}
