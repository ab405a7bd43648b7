import { changedTargets } from '../../delivery/projection/compare-content.ts'
import {
  dueObjects,
  failedObjects,
  refreshableObjects,
} from '../../delivery/projection/due-objects.ts'
import {
  type Refreshed,
  type RefreshState,
  refreshContent,
} from '../../delivery/projection/refresh-content.ts'
import { eitherSources } from '../../delivery/projection/target-sources.ts'
import type { Clock } from '../../lib/clock.ts'
import { type AkvError, toAkvError } from '../../lib/errors/akv-error.ts'
import type { AgentContext } from '../context/agent-context.ts'
import type { HeldState } from '../find/held-finds.ts'
import { refreshFinds } from '../find/refresh-finds.ts'
import type { RefreshResult } from '../metrics/agent-figures.ts'
import type { Rest } from '../rest/rest.ts'
import { notifyApplication } from './notify-application.ts'
import { reportFreshness } from './report-freshness.ts'

/**
 * Refreshes at every interval until `signal` aborts. A failure doesn't end it: the pod keeps its last good values.
 *
 * @param start - `afterMs`: when the first refresh is due; `onRefresh`: called after each refresh, for metrics; `rest`:
 *   called before each wait
 */
export async function keepFresh(
  context: AgentContext,
  start: {
    readonly state: HeldState
    readonly afterMs: number
    readonly onRefresh?: (result: RefreshResult) => Promise<void>
    readonly rest?: Rest
  },
): Promise<void> {
  const { clock, signal, stateReport, requests } = context
  const report = reportFreshness(context)
  let { state, afterMs: untilRegularMs } = start
  for (;;) {
    const untilAutomaticMs = Math.min(untilRegularMs, restOfPauseMs(state, clock))
    const untilRequestedMs = requests.dueInMs()
    const untilRefreshMs = Math.min(untilAutomaticMs, untilRequestedMs)
    const waitMs = Math.min(untilRefreshMs, stateReport.dueInMs())
    // Only an agent in V8's lite mode can call it. What the refresh has used would otherwise stay until the next one.
    globalThis.gc?.()
    const isWorthRest = waitMs > 0 && untilRequestedMs === Number.POSITIVE_INFINITY
    if (isWorthRest) await start.rest?.(state, { waitMs, untilRefreshMs })
    const waitedMs = await requests.wait(waitMs, context)
    if (signal.aborted) return
    untilRegularMs -= waitedMs
    if (waitedMs < waitMs) continue
    if (waitMs < untilRefreshMs) {
      stateReport.report({ config: state.finds?.config, sources: state.sources })
      continue
    }
    const refreshed = await refreshOnce(context, state, { report, untilRegularMs })
    state = refreshed.state
    untilRegularMs = refreshed.untilRegularMs
    if (refreshed.result) await start.onRefresh?.(refreshed.result)
  }
}

/** The wait after a first fetch: a random part of the interval, so that pods that started together don't refresh together. */
export const firstWaitMs = ({ config, clock }: Pick<AgentContext, 'config' | 'clock'>): number =>
  config.refreshSeconds * 1000 * clock.random()

/** The time until the first pause of a throttling vault is over. The objects that failed are then requested again. */
function restOfPauseMs({ statuses }: RefreshState, clock: Pick<Clock, 'now'>): number {
  const throttled = [...statuses.values()].filter(({ error }) => error?.code === 'AKV_THROTTLED')
  const restsMs = throttled.map(({ dueAtMs }) => dueAtMs - clock.now())
  return Math.min(...restsMs.filter((ms) => ms > 0))
}

/** In an outage, the next refresh comes within one interval, so that all pods are fresh one interval after it. */
function nextIntervalPart({ statuses }: RefreshState, clock: Pick<Clock, 'random'>): number {
  const isOutage = [...statuses.values()].some(({ isUnserved }) => isUnserved)
  return 0.9 + (isOutage ? 0.1 : 0.2) * clock.random()
}

/**
 * One refresh: fetches the objects that are due, writes what changed, and notifies the application, of an earlier change, too.
 *
 * @param options - `report`: logs which objects are stale; `untilRegularMs`: until all objects are to be fetched, and not only
 *   those that failed
 * @returns the state for the next refresh. No `result`: the agent was stopped meanwhile.
 */
export async function refreshOnce(
  context: AgentContext,
  state: HeldState,
  { report = reportFreshness(context), untilRegularMs = 0 } = {},
): Promise<{
  readonly state: HeldState
  readonly untilRegularMs: number
  readonly result?: RefreshResult
}> {
  const { config, clock, log, signal, requests } = context
  const isRegular = untilRegularMs <= 0
  // The end of a pause for some objects comes by itself, and leaves a request to be served in its time.
  const isAskedFor = (isRegular || requests.dueInMs() <= 0) && requests.begin()
  const isWhole = isRegular || isAskedFor
  const finds = await refreshFinds(context, state, { isWhole, isAskedFor })
  const refreshable = refreshableObjects(finds.config, finds.state)
  const wanted = isWhole ? refreshable : failedObjects(refreshable, finds.state)
  const changeable = wanted.filter((object) => !finds.isUnchanged(object))
  const due = dueObjects(changeable, { ...finds.state, nowMs: clock.now(), isAskedFor })
  const { state: refreshed, outcomes } = await refreshContent(
    { ...context, config: finds.config },
    { state: finds.state, due },
  )
  if (signal.aborted) return { state, untilRegularMs }
  const nextRegularMs = isRegular
    ? config.refreshSeconds * 1000 * nextIntervalPart(refreshed, clock)
    : untilRegularMs

  const { kept, reported: statuses } = finds.statusesAfter(refreshed.statuses)
  const changes = changedTargets(state.content, refreshed.content)
  if (config.notify && changes.length > 0) context.volumes.notification.set()
  const { writeError, ...inPlace } = write(context, { before: finds.state, after: refreshed })
  const isWritten = writeError === undefined
  const nextRegularAtMs = clock.now() + nextRegularMs
  report({ config: finds.config, statuses, isWritten, nextRegularAtMs })
  context.stateReport.report({
    config: finds.config,
    sources: inPlace.sources,
    refreshed: [...due, ...finds.listed],
    statuses,
    statusesBefore: state.statuses,
    writeError: writeError?.code,
    served: isAskedFor ? requests.seen : undefined,
  })
  const changed = isWritten ? changes : []
  if (isAskedFor) reportServed(context, { changed, statuses })
  if (changed.length > 0) log.info('changed values written', { changed })
  const notifyError = isWritten ? await notifyIfPending(context, changed) : undefined
  return {
    state: writeError
      ? { ...finds.state, ...inPlace, statuses: notInPlace(kept, { before: state, writeError }) }
      : { ...finds.state, ...refreshed, statuses: kept },
    untilRegularMs: nextRegularMs,
    result: {
      config: finds.config,
      statuses,
      outcomes,
      isWritten,
      isChanged: changed.length > 0,
      otherFailures: [...finds.listErrors, writeError, notifyError].flatMap(
        (error) => error?.code ?? [],
      ),
    },
  }
}

/** What was fetched isn't in place: these objects have failed, and are as old as before. */
const notInPlace = (
  statuses: RefreshState['statuses'],
  {
    before,
    writeError,
  }: { readonly before: Pick<RefreshState, 'statuses'>; readonly writeError: AkvError },
): RefreshState['statuses'] =>
  new Map(
    [...statuses].map(([key, status]) => {
      const old = before.statuses.get(key)
      if (status === old) return [key, status]
      const { goodAtMs: _, ...fetched } = status
      const goodAt = old?.goodAtMs !== undefined && { goodAtMs: old.goodAtMs }
      return [key, { error: writeError, ...fetched, ...goodAt }]
    }),
  )

/** Tells whoever has asked for the refresh how it went. */
function reportServed(
  { log }: AgentContext,
  { changed, statuses }: Pick<RefreshState, 'statuses'> & { readonly changed: readonly string[] },
): void {
  const failed = [...statuses.values()].filter(({ error }) => error !== undefined).length
  log.info('refreshed, as it was asked for', { changed: changed.length, failed })
}

type InPlace = Pick<RefreshState, 'content' | 'sources'>

/** Returns what the volumes hold now, and the error if that isn't the new content. */
function write(
  { volumes, log }: AgentContext,
  { before, after }: { readonly before: InPlace; readonly after: Refreshed['state'] },
): InPlace & { readonly writeError?: AkvError } {
  const setsBefore = volumes.currentSets().join()
  try {
    volumes.sweep()
    volumes.write(after.content)
    return { content: after.content, sources: after.sources }
  } catch (thrown) {
    const writeError = toAkvError(thrown)
    log.warn(`${writeError.message}; the pod keeps its current files`, { code: writeError.code })
    const hasSwitched = volumes.currentSets().join() !== setsBefore
    const sources = hasSwitched ? eitherSources(before.sources, after.sources) : before.sources
    return { content: before.content, sources, writeError }
  }
}

/** Returns the error if the application didn't accept the notification of these changes, or of earlier ones. */
async function notifyIfPending(
  { config, volumes, log, clock, signal }: AgentContext,
  changed: readonly string[],
): Promise<AkvError | undefined> {
  const isRepeated = changed.length === 0
  if (!config.notify || (isRepeated && !volumes.notification.isSet())) return undefined
  const error = await notifyApplication(config.notify, { clock, signal, isRepeated })
  if (error === undefined) volumes.notification.clear()
  else if (!signal.aborted) log.warn(error.message, { code: error.code })
  return error
}
