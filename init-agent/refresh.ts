import { toAkvError } from '../lib/errors/akv-error.ts'
import type { AgentContext } from './agent-context.ts'
import { notifyApplication } from './notify-application.ts'
import { changedTargets } from './projection/compare-content.ts'
import type { Content } from './projection/project-content.ts'
import {
  dueObjects,
  type RefreshState,
  refreshableObjects,
  refreshContent,
} from './projection/refresh-content.ts'
import { reportFreshness } from './report-freshness.ts'

/**
 * Refreshes for ever, until `signal` aborts. No failure ends it: the pod keeps what it has.
 *
 * @param isDue - refresh at once, as the set found may be old; otherwise the first phase is random, so that pods
 *   started together don't ask together for the rest of their lives
 */
export async function keepFresh(
  context: AgentContext,
  { state, isDue }: { readonly state: RefreshState; readonly isDue: boolean },
): Promise<void> {
  const { config, clock, signal } = context
  const intervalMs = config.refreshSeconds * 1000
  const report = reportFreshness(context)
  let current = state
  let waitMs = isDue ? 0 : clock.random() * intervalMs
  for (;;) {
    await clock.sleep(waitMs, signal)
    if (signal.aborted) return
    current = await refreshOnce(context, current, report)
    waitMs = intervalMs * (0.9 + 0.2 * clock.random())
  }
}

/**
 * One round: what is due is fetched, and what changed is switched in.
 *
 * @param report - told how the objects fared
 */
export async function refreshOnce(
  context: AgentContext,
  state: RefreshState,
  report = reportFreshness(context),
): Promise<RefreshState> {
  const { config, clock } = context
  const unsettled = refreshableObjects(config, state)
  const due = dueObjects(unsettled, { ...state, nowMs: clock.now() })
  const { state: refreshed } = await refreshContent(context, { state, due })
  if (context.signal.aborted) return state
  const isWritten = write(context, refreshed.content)
  report({ statuses: refreshed.statuses, isWritten })
  if (!isWritten) return { ...refreshed, content: state.content }
  await announce(context, changedTargets(state.content, refreshed.content))
  return refreshed
}

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

async function announce(context: AgentContext, changed: readonly string[]): Promise<void> {
  if (changed.length === 0) return
  const { config, log, clock, signal } = context
  log.info('changed values written', { changed })
  if (!config.notify) return
  const error = await notifyApplication(config.notify, { clock, signal })
  if (error && !signal.aborted) log.warn(error.message, { code: error.code })
}
