import { toAkvError } from '../lib/errors/akv-error.ts'
import type { AgentParts } from './agent.ts'
import { notify } from './notify.ts'
import { changedTargets } from './projection/compare-content.ts'
import type { Content } from './projection/project-content.ts'
import {
  type RefreshState,
  refreshContent,
  restedObjects,
  unsettledObjects,
} from './projection/refresh-content.ts'
import { reportFreshness } from './report-freshness.ts'

/**
 * Refreshes for ever, until `signal` aborts. No failure ends it: the pod keeps what it has.
 *
 * @param isDue - refresh at once, as the set found may be old; otherwise the first phase is random, so that pods
 *   started together don't ask together for the rest of their lives
 */
export async function keepFresh(
  parts: AgentParts,
  { state, isDue }: { readonly state: RefreshState; readonly isDue: boolean },
): Promise<void> {
  const { config, clock, signal } = parts
  const intervalMs = config.refreshSeconds * 1000
  const report = reportFreshness(parts)
  let current = state
  let waitMs = isDue ? 0 : clock.random() * intervalMs
  for (;;) {
    await clock.sleep(waitMs, signal)
    if (signal.aborted) return
    current = await refreshOnce(parts, current, report)
    waitMs = intervalMs * (0.9 + 0.2 * clock.random())
  }
}

/**
 * One round: what is due is fetched, and what changed is switched in.
 *
 * @param report - told how the objects fared
 */
export async function refreshOnce(
  parts: AgentParts,
  state: RefreshState,
  report = reportFreshness(parts),
): Promise<RefreshState> {
  const { config, clock } = parts
  const unsettled = unsettledObjects(config, state)
  const due = restedObjects(unsettled, { ...state, nowMs: clock.now() })
  const { state: refreshed } = await refreshContent(parts, { state, due })
  if (parts.signal.aborted) return state
  const isWritten = write(parts, refreshed.content)
  report({ standings: refreshed.standings, isWritten })
  if (!isWritten) return { ...refreshed, content: state.content }
  await announce(parts, changedTargets(state.content, refreshed.content))
  return refreshed
}

function write({ volumes, log }: AgentParts, content: Content): boolean {
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

async function announce(parts: AgentParts, changed: readonly string[]): Promise<void> {
  if (changed.length === 0) return
  const { config, log, clock, signal } = parts
  log.info('changed values written', { changed })
  if (!config.notify) return
  const error = await notify(config.notify, { clock, signal })
  if (error && !signal.aborted) log.warn(error.message, { code: error.code })
}
