import { buildInfo } from '../../lib/metrics/build-info.ts'
import { prometheusText } from '../../lib/metrics/prometheus-text.ts'
import type { AgentContext } from '../context/agent-context.ts'
import { gauge } from './render-metrics.ts'
import { serveMetrics } from './serve-metrics.ts'

/**
 * Serves the time of a first fetch until `ended` aborts. An agent that waits for the end of an outage doesn't restart, so
 * nothing else would raise an alert.
 */
export async function serveStarting(
  { clock, log }: Pick<AgentContext, 'clock' | 'log'>,
  options: { readonly port: number; readonly startMs: number; readonly ended: AbortSignal },
): Promise<void> {
  const { port, startMs, ended } = options
  const text = () => startingMetrics(clock.now() - startMs)
  await serveMetrics({ log, signal: ended }, { port, text })()
}

/** In Prometheus' text format. */
export const startingMetrics = (forMs: number): string =>
  prometheusText([
    buildInfo('agent'),
    gauge(
      'starting_seconds',
      'How long the first fetch has been going on; only after a minute',
      Math.floor(forMs / 1000),
    ),
  ])
