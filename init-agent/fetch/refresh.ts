import { toAkvError } from '../../lib/errors/akv-error.ts'
import type { AgentContext } from '../agent-context.ts'
import { notifyApplication } from '../notify-application.ts'
import { changedTargets } from '../projection/compare-content.ts'
import type { Content } from '../projection/project-content.ts'
import {
  dueObjects,
  type RefreshState,
  refreshableObjects,
  refreshContent,
} from '../projection/refresh-content.ts'
import { reportFreshness } from './report-freshness.ts'

/**
 * Refreshes at every interval until `signal` aborts. A failure doesn't end it: the pod keeps its last good values.
 *
 * @param start - `isDue`: refresh at once, because the set that was found may be old. Otherwise the first wait is a
 *   random part of the interval, so that pods that started together don't refresh together.
 */
export async function keepFresh(
  context: AgentContext,
  start: { readonly state: RefreshState; readonly isDue: boolean },
): Promise<void> {
  const { config, clock, signal } = context
  const intervalMs = config.refreshSeconds * 1000
  const report = reportFreshness(context)
  let { state } = start
  let waitMs = start.isDue ? 0 : clock.random() * intervalMs
  for (;;) {
    await clock.sleep(waitMs, signal)
    if (signal.aborted) return
    state = await refreshOnce(context, state, report)
    waitMs = intervalMs * (0.9 + 0.2 * clock.random())
  }
}

/**
 * One refresh: fetches the objects that are due, writes what changed, and notifies the application.
 *
 * @param report - logs which objects are stale
 * @returns the state for the next refresh
 */
export async function refreshOnce(
  context: AgentContext,
  state: RefreshState,
  report = reportFreshness(context),
): Promise<RefreshState> {
  const { config, clock, signal } = context
  const due = dueObjects(refreshableObjects(config, state), { ...state, nowMs: clock.now() })
  const { state: refreshed } = await refreshContent(context, { state, due })
  if (signal.aborted) return state

  const isWritten = write(context, refreshed.content)
  report({ statuses: refreshed.statuses, isWritten })
  if (!isWritten) return { ...refreshed, content: state.content }

  const changed = changedTargets(state.content, refreshed.content)
  if (changed.length > 0) await reportChange(context, changed)
  return refreshed
}

/** Whether the volumes now hold the content. */
function write({ volumes, log }: AgentContext, content: Content): boolean {
  try {
    volumes.sweep()
    volumes.write(content)
    return true
  } catch (thrown) {
    const error = toAkvError(thrown)
    log.warn(`${error.message}; the pod keeps its current files`, { code: error.code })
    return false
  }
}

async function reportChange(context: AgentContext, changed: readonly string[]): Promise<void> {
  const { config, log, clock, signal } = context
  log.info('changed values written', { changed })
  if (!config.notify) return
  const error = await notifyApplication(config.notify, { clock, signal })
  if (error && !signal.aborted) log.warn(error.message, { code: error.code })
}
