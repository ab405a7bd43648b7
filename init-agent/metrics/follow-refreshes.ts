import { wantedObjects } from '../../delivery/projection/wanted-objects.ts'
import type { AgentContext } from '../context/agent-context.ts'
import { type AgentFigures, figuresAfter, type RefreshResult } from './agent-figures.ts'
import { renderMetrics } from './render-metrics.ts'
import { serveMetrics } from './serve-metrics.ts'
import { watchStaleness } from './watch-staleness.ts'

/**
 * Serves metrics and watches for stale objects, as far as the configuration of a refreshing agent says.
 *
 * @returns records a refresh; to be called after each one
 */
export async function followRefreshes(
  context: AgentContext,
  start: AgentFigures,
): Promise<(result: RefreshResult) => Promise<void>> {
  const { latencies, clock, volumes } = context
  const { metricsPort: port, staleAfterSeconds, notify } = context.config
  let { config } = context
  let figures = start
  const text = () =>
    renderMetrics(figures, {
      config,
      latencies: latencies?.all() ?? [],
      ...(notify && { isNotificationPending: volumes.notification.isSet() }),
      nowMs: clock.now(),
      wallMs: clock.wallTime(),
    })
  const listen = port === undefined ? undefined : serveMetrics(context, { port, text })
  const checkStaleness =
    staleAfterSeconds === undefined ? undefined : watchStaleness(context, staleAfterSeconds)
  checkStaleness?.(start)
  await listen?.()
  return async (result) => {
    config = result.config ?? config
    const objects = wantedObjects(config)
    figures = figuresAfter(figures, { objects, result, nowMs: clock.now() })
    checkStaleness?.(figures)
    await listen?.()
  }
}
