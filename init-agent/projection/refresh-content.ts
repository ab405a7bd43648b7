import { renewRefusedToken } from '../../keyvault/readers/renew-refused-token.ts'
import type { Clock } from '../../lib/clock.ts'
import { type AkvError, toAkvError } from '../../lib/errors/akv-error.ts'
import type { Log } from '../../lib/log.ts'
import type { AgentConfig } from '../contract.ts'
import { fetchConsistently, groupParts, isCertificateObject } from './certificate-parts.ts'
import { fixedDeadline } from './deadline.ts'
import type { FetchOutcomes } from './fetch-objects.ts'
import { isFinal, type KnownVersions, knownOutcomes, rememberVersions } from './known-versions.ts'
import { failedStatus, goodStatus, type ObjectStatus, unknownStatus } from './object-status.ts'
import {
  type Content,
  projectContent,
  type RoundBounds,
  type TargetProblem,
  type TemplateValues,
  templateValuesOf,
} from './project-content.ts'
import type { Session } from './session.ts'
import { objectKey, type WantedObject, wantedObjects } from './wanted-objects.ts'

/** What a refresh starts from, and hands to the next. */
export interface RefreshState {
  readonly content: Content
  readonly known: KnownVersions
  readonly templateValues: TemplateValues
  /** By `objectKey`. */
  readonly statuses: ReadonlyMap<string, ObjectStatus>
}

export interface Refreshed {
  readonly state: RefreshState
  /** Of the objects that were asked for, by `objectKey`. */
  readonly outcomes: FetchOutcomes
  /** One for each target that did not get a value of this round, though it should have. */
  readonly problems: readonly TargetProblem[]
}

export interface RefreshContext extends RoundBounds {
  readonly config: AgentConfig
  readonly session: Session
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

/**
 * The state after content was put in place, or found from before.
 *
 * @param start - `goodAtMs`: when everything in it was known to be the vault's, if ever; `outcomes`: what it was made
 *   of, absent where nothing was fetched yet
 */
export function startState(
  config: AgentConfig,
  start: {
    readonly content: Content
    readonly goodAtMs?: number
    readonly outcomes?: FetchOutcomes
  },
): RefreshState {
  const objects = wantedObjects(config)
  const { outcomes = new Map(), goodAtMs } = start
  const status = goodAtMs === undefined ? unknownStatus : goodStatus(goodAtMs)
  return {
    content: start.content,
    known: rememberVersions(objects, { outcomes, before: new Map() }),
    templateValues: templateValuesOf(config, { outcomes, before: new Map() }),
    statuses: new Map(objects.map((object) => [keyOf(object), status])),
  }
}

const keyOf = (object: WantedObject): string => objectKey(object.reference, object)

/**
 * One round: each object that is due is asked for once, without retries, and what there is to have follows from that.
 * Nothing is thrown: what fails keeps its last good value, and is among the problems.
 */
export async function refreshContent(
  context: RefreshContext,
  { state, due }: { readonly state: RefreshState; readonly due: readonly WantedObject[] },
): Promise<Refreshed> {
  const { config, maxProperties, budget } = context
  const objects = wantedObjects(config)
  const outcomes = await fetchDue(context, { due, state })
  const known = rememberVersions(objects, { outcomes, before: state.known })
  const all = new Map([...knownOutcomes(objects, known), ...outcomes])
  const { content, problems } = await projectContent(config, {
    outcomes: all,
    before: state.content,
    last: state.templateValues,
    ...(maxProperties !== undefined && { maxProperties }),
    ...(budget !== undefined && { budget }),
  })
  const templateValues = templateValuesOf(config, { outcomes: all, before: state.templateValues })
  const errors = new Map(problems.map(({ key, error }) => [key, error]))
  const statuses = judge(context, { due, errors, before: state.statuses })
  return { state: { content, known, templateValues, statuses }, outcomes, problems }
}

function judge(
  { config, clock }: RefreshContext,
  round: {
    readonly due: readonly WantedObject[]
    readonly errors: ReadonlyMap<string, AkvError>
    readonly before: RefreshState['statuses']
  },
): RefreshState['statuses'] {
  const nowMs = clock.now()
  const intervalMs = config.refreshSeconds * 1000
  const statuses = new Map(round.before)
  for (const key of round.due.map(keyOf)) {
    const error = round.errors.get(key)
    const before = statuses.get(key) ?? unknownStatus
    statuses.set(
      key,
      error ? failedStatus(before, { error, nowMs, intervalMs }) : goodStatus(nowMs),
    )
  }
  return statuses
}

/** The objects that may have changed: all but the versions whose targets have what these can give them. */
export function refreshableObjects(
  config: AgentConfig,
  state: RefreshState,
): readonly WantedObject[] {
  return wantedObjects(config).filter((object) => !isFinal(object, { config, ...state }))
}

/** Of these, the ones that don't sit out after a failure. */
export function dueObjects(
  objects: readonly WantedObject[],
  { statuses, nowMs }: Pick<RefreshState, 'statuses'> & { readonly nowMs: number },
): readonly WantedObject[] {
  const resting = withOtherParts(
    objects,
    (object) => (statuses.get(keyOf(object))?.dueAtMs ?? 0) > nowMs,
  )
  return objects.filter((object) => !resting.has(object))
}

/** Of these, the ones that failed when they were last asked for, or never were. */
export function failedObjects(
  objects: readonly WantedObject[],
  { statuses }: Pick<RefreshState, 'statuses'>,
): readonly WantedObject[] {
  const failed = withOtherParts(objects, (object) => {
    const status = statuses.get(keyOf(object))
    return status?.error !== undefined || status?.goodAtMs === undefined
  })
  return objects.filter((object) => failed.has(object))
}

/**
 * Those of which it holds, and the other sides of certificates: these are asked for together, so that they are of one
 * version. A secret and a key of one name may have nothing to do with each other; where they do, and one failed, both have.
 */
function withOtherParts(
  objects: readonly WantedObject[],
  holds: (object: WantedObject) => boolean,
): ReadonlySet<WantedObject> {
  const those = new Set(objects.filter(holds))
  for (const sides of groupParts(objects))
    if (sides.some(isCertificateObject) && sides.some((side) => those.has(side)))
      for (const side of sides) those.add(side)
  return those
}

async function fetchDue(
  context: RefreshContext,
  { due, state }: { readonly due: readonly WantedObject[]; readonly state: RefreshState },
): Promise<FetchOutcomes> {
  if (due.length === 0) return new Map()
  const { session, clock, log, signal } = context
  try {
    await session.signIn.token()
  } catch (thrown) {
    const error = toAkvError(thrown)
    return new Map(due.map((object) => [keyOf(object), { kind: 'failed', error }]))
  }
  return await fetchConsistently({
    // What is missing now ends nothing.
    objects: due.map((object) => ({ ...object, isRequired: false })),
    known: state.known,
    reader: renewRefusedToken(session),
    clock,
    deadline: fixedDeadline(clock.now()),
    onRetry: (_vault, error) => log.debug(error.message, { code: error.code }),
    signal,
    log,
  })
}
