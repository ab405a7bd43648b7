import { type AkvError, toAkvError } from '../keyvault/errors.ts'
import { describeObject } from '../keyvault/reference.ts'
import type { AgentParts } from './agent.ts'
import { fetchConsistently, groupSides, isLeaf } from './certificate-sides.ts'
import { changedTargets } from './compare-content.ts'
import { type Content, type Filling, fillingOf, projectContent } from './content.ts'
import type { Outcomes } from './fetch-objects.ts'
import { isSettled, type KnownVersions, knownOutcomes, rememberVersions } from './known-versions.ts'
import { notify } from './notify.ts'
import {
  type Standing,
  staleSeconds,
  standingFailed,
  standingGood,
  standingUnknown,
} from './standing.ts'
import { objectKey, type WantedObject, wantedObjects } from './wanted-objects.ts'

/** Container runtimes cut a log line at 16 KiB. */
const mostToldObjects = 20

/** What a refresh starts from, and hands to the next. */
export interface RefreshState {
  readonly content: Content
  readonly known: KnownVersions
  readonly filling: Filling
  /** By `objectKey`. */
  readonly standings: ReadonlyMap<string, Standing>
}

/** The state after a set was written, or found from before: everything in it was good then. */
export function startState(
  parts: AgentParts,
  start: {
    readonly content: Content
    readonly goodAtMs: number
    /** Absent where nothing was fetched yet. */
    readonly outcomes?: Outcomes
  },
): RefreshState {
  const objects = wantedObjects(parts.config)
  const { outcomes = new Map() } = start
  return {
    content: start.content,
    known: rememberVersions(objects, { outcomes, before: new Map() }),
    filling: fillingOf(parts.config, { outcomes, before: new Map() }),
    standings: new Map(objects.map((object) => [keyOf(object), standingGood(start.goodAtMs)])),
  }
}

const keyOf = (object: WantedObject): string => objectKey(object.reference, object)

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
  const { config } = parts
  const objects = wantedObjects(config)
  const due = dueObjects(parts, { objects, state })
  const fetched = await fetchDue(parts, { due, state })
  if (parts.signal.aborted) return state
  const known = rememberVersions(objects, { outcomes: fetched, before: state.known })
  const outcomes = new Map([...knownOutcomes(objects, known), ...fetched])
  const { content, problems } = await projectContent(config, {
    outcomes,
    before: state.content,
    last: state.filling,
  })
  const filling = fillingOf(config, { outcomes, before: state.filling })
  const errors = new Map(problems.map(({ key, error }) => [key, error]))
  const standings = judge(parts, { due, errors, before: state.standings })
  reportStale(parts, standings)
  if (!write(parts, content)) return { content: state.content, known, filling, standings }
  await announce(parts, changedTargets(state.content, content))
  return { content, known, filling, standings }
}

function judge(
  { config, clock }: AgentParts,
  round: {
    readonly due: readonly WantedObject[]
    readonly errors: ReadonlyMap<string, AkvError>
    readonly before: RefreshState['standings']
  },
): RefreshState['standings'] {
  const nowMs = clock.now()
  const intervalMs = config.refreshSeconds * 1000
  const standings = new Map(round.before)
  for (const key of round.due.map(keyOf)) {
    const error = round.errors.get(key)
    const before = standings.get(key) ?? standingUnknown
    standings.set(
      key,
      error ? standingFailed(before, { error, nowMs, intervalMs }) : standingGood(nowMs),
    )
  }
  return standings
}

/**
 * The sides of a certificate are asked for together, so one that sits out makes the others wait. A secret and a key of
 * one name may have nothing to do with each other; where they do, and one failed, both have.
 */
function dueObjects(
  { config, clock }: AgentParts,
  { objects, state }: { readonly objects: readonly WantedObject[]; readonly state: RefreshState },
): readonly WantedObject[] {
  const nowMs = clock.now()
  const isResting = (object: WantedObject) =>
    (state.standings.get(keyOf(object))?.dueAtMs ?? 0) > nowMs
  const resting = new Set(objects.filter(isResting))
  for (const sides of groupSides(objects))
    if (sides.some(isLeaf) && sides.some((side) => resting.has(side)))
      for (const side of sides) resting.add(side)
  return objects.filter(
    (object) => !resting.has(object) && !isSettled(object, { config, ...state }),
  )
}

async function fetchDue(
  parts: AgentParts,
  { due, state }: { readonly due: readonly WantedObject[]; readonly state: RefreshState },
): Promise<Outcomes> {
  if (due.length === 0) return new Map()
  const { session, clock, log, signal } = parts
  try {
    await session.signIn.token()
  } catch (thrown) {
    const error = toAkvError(thrown)
    return new Map(due.map((object) => [keyOf(object), { kind: 'failed', error }]))
  }
  const outcomes = await fetchConsistently({
    // What is missing now ends nothing.
    objects: due.map((object) => ({ ...object, isRequired: false })),
    known: state.known,
    reader: session.reader,
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
  const objects = wantedObjects(config).flatMap((object) => {
    const standing = standings.get(keyOf(object))
    if (standing?.error === undefined) return []
    const { code, message } = standing.error
    const seconds = staleSeconds(standing, clock.now())
    const name = describeObject(object.reference)
    return [{ object: name, code, reason: message, staleSeconds: seconds }]
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
