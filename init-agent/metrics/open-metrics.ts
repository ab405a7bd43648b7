import type { AgentContext } from '../agent-context.ts'
import { type AgentFigures, figuresAfter, type RefreshResult } from './agent-figures.ts'
import { renderMetrics } from './render-metrics.ts'
import { serveMetrics } from './serve-metrics.ts'

/**
 * Serves the metrics of a refreshing agent, if its configuration has a port for them.
 *
 * @returns records a refresh; to be called after each one
 */
export async function openMetrics(
  context: AgentContext,
  start: AgentFigures,
): Promise<(result: RefreshResult) => Promise<void>> {
  const { config, clock } = context
  const { metricsPort: port } = config
  let figures = start
  const text = () => renderMetrics(figures, { config, nowMs: clock.now() })
  const listen = port === undefined ? async () => {} : serveMetrics(context, { port, text })
  await listen()
  return async (result) => {
    figures = figuresAfter(figures, { result, nowMs: clock.now() })
    await listen()
  }
}
