import { toAkvError } from '../keyvault/errors.ts'
import { describeObject, referenceKey } from '../keyvault/reference.ts'
import type { AgentParts } from './agent.ts'
import { type Content, changedTargets, projectContent, wantedObjects } from './content.ts'
import { fetchObjects, type Outcomes, type WantedObject } from './fetch-objects.ts'
import { notify } from './notify.ts'
import {
  type Standing,
  staleSeconds,
  standingFailed,
  standingGood,
  standingUnknown,
} from './standing.ts'

/** Container runtimes cut a log line at 16 KiB. */
const mostToldObjects = 20

/** What a refresh starts from, and hands to the next. */
export interface RefreshState {
  readonly content: Content
  /** By `referenceKey`. */
  readonly standings: ReadonlyMap<string, Standing>
}

/** The state after a set was written, or found from before: everything in it was good then. */
export function startState(
  parts: AgentParts,
  known: { content: Content; goodAtMs: number },
): RefreshState {
  const keys = wantedObjects(parts.config).map(({ reference }) => referenceKey(reference))
  return {
    content: known.content,
    standings: new Map(keys.map((key) => [key, standingGood(known.goodAtMs)])),
  }
}

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
  let current = state
  let waitMs = isDue ? 0 : clock.random() * intervalMs
  for (;;) {
    await clock.sleep(waitMs, signal)
    if (signal.aborted) return
    current = await refreshOnce(parts, current)
    waitMs = intervalMs * (0.9 + 0.2 * clock.random())
  }
}

/** One round: each object that is due is asked for once, without retries, and what changed is switched in. */
export async function refreshOnce(parts: AgentParts, state: RefreshState): Promise<RefreshState> {
  const { config, clock } = parts
  const due = wantedObjects(config).filter((object) => isDue(parts, { object, state }))
  const outcomes = await fetchDue(parts, due)
  if (parts.signal.aborted) return state
  const { content, problems } = projectContent(config, { outcomes, before: state.content })
  const errors = new Map(problems.map(({ key, error }) => [key, error]))
  const nowMs = clock.now()
  const standings = new Map(state.standings)
  for (const { reference } of due) {
    const key = referenceKey(reference)
    const error = errors.get(key)
    const before = standings.get(key) ?? standingUnknown
    const intervalMs = config.refreshSeconds * 1000
    standings.set(
      key,
      error ? standingFailed(before, { error, nowMs, intervalMs }) : standingGood(nowMs),
    )
  }
  reportStale(parts, standings)
  const isWritten = write(parts, content)
  if (!isWritten) return { content: state.content, standings }
  await announce(parts, changedTargets(state.content, content))
  return { content, standings }
}

/** A version never changes: with all its targets there, a pinned object isn't asked for again. */
function isDue(
  { config, clock }: AgentParts,
  { object, state }: { readonly object: WantedObject; readonly state: RefreshState },
): boolean {
  const key = referenceKey(object.reference)
  const isOurs = (wanted: { object: WantedObject['reference'] }) =>
    referenceKey(wanted.object) === key
  const isSettled =
    object.reference.version !== undefined &&
    config.files.filter(isOurs).every(({ path }) => state.content.files.has(path)) &&
    config.env.filter(isOurs).every(({ variable }) => state.content.env.has(variable))
  return !isSettled && (state.standings.get(key)?.dueAtMs ?? 0) <= clock.now()
}

async function fetchDue(parts: AgentParts, due: readonly WantedObject[]): Promise<Outcomes> {
  if (due.length === 0) return new Map()
  const { session, clock, log, signal } = parts
  try {
    await session.signIn.token()
  } catch (thrown) {
    const error = toAkvError(thrown)
    return new Map(due.map(({ reference }) => [referenceKey(reference), { kind: 'failed', error }]))
  }
  const outcomes = await fetchObjects({
    // What is missing now ends nothing.
    objects: due.map(({ reference }) => ({ reference, isRequired: false })),
    read: session.read,
    clock,
    deadlineMs: clock.now(),
    signal,
    log,
  })
  const isRefused = [...outcomes.values()].some(
    (outcome) => outcome.kind === 'failed' && outcome.error.code === 'AKV_UNAUTHORIZED',
  )
  if (isRefused) session.signIn.forget()
  return outcomes
}

/** One line a round, whatever the number of objects. */
function reportStale(
  { config, clock, log }: AgentParts,
  standings: RefreshState['standings'],
): void {
  const objects = wantedObjects(config).flatMap(({ reference }) => {
    const standing = standings.get(referenceKey(reference))
    if (standing?.error === undefined) return []
    const { code, message } = standing.error
    const seconds = staleSeconds(standing, clock.now())
    return [{ object: describeObject(reference), code, reason: message, staleSeconds: seconds }]
  })
  if (objects.length > 0)
    log.warn('some objects could not be refreshed; the pod keeps what it has', {
      count: objects.length,
      objects: objects.slice(0, mostToldObjects),
    })
}

function write({ volumes, log }: AgentParts, content: Content): boolean {
  try {
    volumes.sweep()
    volumes.write(content)
    return true
  } catch (thrown) {
    const error = toAkvError(thrown)
    log.warn(`${error.message}; the pod keeps what it has`, { code: error.code })
    return false
  }
}

async function announce(parts: AgentParts, changed: readonly string[]): Promise<void> {
  if (changed.length === 0) return
  const { config, log, clock, signal } = parts
  log.info('a new set is in place', { changed })
  if (!config.notify) return
  const error = await notify(config.notify, { clock, signal })
  if (error && !signal.aborted) log.warn(error.message, { code: error.code })
}
