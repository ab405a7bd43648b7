import { handTime } from '../../lib/handed-time.ts'
import { reasonOf } from '../../lib/reason-of.ts'
import type { AgentContext } from '../context/agent-context.ts'
import { type AgentFigures, freshAtMs } from './agent-figures.ts'

/**
 * Makes the pod unready once its objects have been stale for as long as the configuration says, and ready again when they
 * are up to date.
 *
 * @returns takes the figures after a refresh. A timer covers a refresh that hangs, or comes too late.
 */
export function watchStaleness(
  context: AgentContext,
  staleAfterSeconds: number,
): (figures: AgentFigures) => void {
  const { clock, signal } = context
  const report = reportReadiness(context, staleAfterSeconds)
  let replaced = new AbortController()
  return (figures) => {
    replaced.abort()
    replaced = new AbortController()
    const sinceMs = freshAtMs(figures)
    const untilMs = sinceMs + staleAfterSeconds * 1000
    const isReady = clock.now() < untilMs
    report(sinceMs, isReady)
    if (!isReady) return
    const timer = AbortSignal.any([signal, replaced.signal])
    void sleepUntil(untilMs, { clock, signal: timer }).then(() => {
      if (!timer.aborted) report(sinceMs, false)
    })
  }
}

/** A timer may wake early. */
async function sleepUntil(
  untilMs: number,
  { clock, signal }: Pick<AgentContext, 'clock' | 'signal'>,
): Promise<void> {
  while (clock.now() < untilMs && !signal.aborted) await clock.sleep(untilMs - clock.now(), signal)
}

/** Sets the mark that the readiness probe looks for, and logs each change. Failing to do so must not end the agent. */
function reportReadiness(
  { volumes: { freshness }, clock, log }: AgentContext,
  staleAfterSeconds: number,
): (freshAtMs: number, isReady: boolean) => void {
  return (freshAtMs, isReady) => {
    try {
      const before = freshness.read()
      freshness.set({ freshAt: handTime(freshAtMs, clock), isReady })
      if (before === undefined || before.isReady === isReady) return
      if (isReady) log.info('the objects are up to date again, so the pod can be ready')
      else
        log.warn('the objects have been stale for too long, so the pod is no longer ready', {
          staleAfterSeconds,
        })
    } catch (error) {
      log.warn('the readiness of the pod could not be changed', { reason: reasonOf(error) })
    }
  }
}
