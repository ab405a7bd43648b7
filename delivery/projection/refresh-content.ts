import { askOneFirst, type RefreshReader } from '../../keyvault/readers/ask-one-first.ts'
import { isOutageCode } from '../../keyvault/readers/outage-codes.ts'
import { renewRefusedToken } from '../../keyvault/readers/renew-refused-token.ts'
import type { Clock } from '../../lib/clock.ts'
import { type AkvError, toAkvError } from '../../lib/errors/akv-error.ts'
import type { Log } from '../../lib/log/log.ts'
import type { Session } from '../session/session.ts'
import { fetchConsistently } from './certificate-parts.ts'
import { fixedDeadline } from './deadline.ts'
import type { FetchOutcomes } from './fetch-objects.ts'
import { type KnownVersions, knownOutcomes, rememberVersions } from './known-versions.ts'
import {
  failedStatus,
  goodStatus,
  type ObjectStatus,
  unknownStatus,
  unservedStatus,
} from './object-status.ts'
import {
  type Content,
  type ProjectionBounds,
  type ProjectionConfig,
  projectContent,
  type TemplateValues,
  templateValuesAfter,
} from './project-content.ts'
import type { TargetProblem } from './render-fetched.ts'
import type { TargetSources } from './target-sources.ts'
import { type WantedObject, wantedKey, wantedObjects } from './wanted-objects.ts'

/** The state that one refresh passes to the next. */
export interface RefreshState {
  readonly content: Content
  /** What the content is made of. Absent: not known, because an earlier process wrote it. */
  readonly sources?: TargetSources | undefined
  readonly known: KnownVersions
  readonly templateValues: TemplateValues
  /** By `objectKey`. */
  readonly statuses: ReadonlyMap<string, ObjectStatus>
}

export interface Refreshed {
  readonly state: RefreshState & { readonly sources: TargetSources }
  /** Of the objects that were requested, by `objectKey`, without passwords that wait for their key store. */
  readonly outcomes: FetchOutcomes
  /** One for each target that should have a new value but hasn't. */
  readonly problems: readonly TargetProblem[]
}

/** The context of a refresh. The caller writes the content. */
interface RefreshContext extends ProjectionBounds {
  readonly config: ProjectionConfig
  readonly session: Session
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

/**
 * The state to refresh from, after a first fetch or a restart.
 *
 * @param start - `content`, `sources`: what is in place; `goodAtMs`: when all of it was last known to match the vault, if ever;
 *   `outcomes`: the fetch that it was made of, if it was fetched in this process
 */
export function startState(
  config: ProjectionConfig,
  start: {
    readonly content: Content
    readonly sources?: TargetSources
    readonly goodAtMs?: number
    readonly outcomes?: FetchOutcomes
  },
): RefreshState {
  const objects = wantedObjects(config)
  const { content, sources, outcomes = new Map(), goodAtMs } = start
  const status = goodAtMs === undefined ? unknownStatus : goodStatus(goodAtMs)
  return {
    content,
    sources,
    known: rememberVersions(objects, { outcomes, before: new Map() }),
    templateValues: templateValuesAfter(config, { outcomes, before: new Map() }),
    statuses: new Map(objects.map((object) => [wantedKey(object), status])),
  }
}

/**
 * Fetches each object that is due once, without retries, and makes the new content. Doesn't throw: a target whose fetch
 * fails keeps its last good value, and the problems name it.
 */
export async function refreshContent(
  context: RefreshContext,
  { state, due }: { readonly state: RefreshState; readonly due: readonly WantedObject[] },
): Promise<Refreshed> {
  const { config, maxProperties, budget } = context
  const objects = wantedObjects(config)
  const vaults = askOneFirst(renewRefusedToken(context.session), {
    wasDown: downVaults(due, state),
  })
  const requested = fewestFailuresFirst(due, { ...state, ...context })
  const outcomes = await fetchDue(context, { due: requested, known: state.known, ...vaults })
  const known = rememberVersions(objects, { outcomes, before: state.known })
  const all = new Map([...knownOutcomes(objects, known), ...outcomes])
  const projection = await projectContent(config, {
    outcomes: all,
    before: state.content,
    sources: state.sources,
    templateValues: state.templateValues,
    ...(maxProperties !== undefined && { maxProperties }),
    ...(budget !== undefined && { budget }),
  })
  const { content, sources, problems } = projection
  const templateValues = templateValuesAfter(config, {
    outcomes: projection.outcomes,
    before: state.templateValues,
  })
  const statuses = statusesAfter(context, { due, problems, vaults, before: state.statuses })
  return {
    state: { content, sources, known, templateValues, statuses },
    outcomes: new Map([...outcomes].filter(([key]) => projection.outcomes.has(key))),
    problems,
  }
}

/** Whether a vault served none of the objects that are due in the last refresh. */
function downVaults(
  due: readonly WantedObject[],
  { statuses }: Pick<RefreshState, 'statuses'>,
): (vault: string) => boolean {
  const served = due.filter((object) => statuses.get(wantedKey(object))?.isUnserved !== true)
  const servedVaults = new Set(served.map(({ reference }) => reference.vault))
  return (vault) => !servedVaults.has(vault)
}

/** The first object of each vault is requested alone. It is a random one, so that no single object can fail every time. */
function fewestFailuresFirst(
  objects: readonly WantedObject[],
  { statuses, clock }: Pick<RefreshState, 'statuses'> & Pick<RefreshContext, 'clock'>,
): readonly WantedObject[] {
  const failures = (object: WantedObject) => statuses.get(wantedKey(object))?.failures ?? 0
  return objects
    .map((object) => ({ object, place: failures(object) + clock.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ object }) => object)
}

async function fetchDue(
  context: RefreshContext,
  refresh: Pick<RefreshReader, 'reader'> & {
    readonly due: readonly WantedObject[]
    readonly known: KnownVersions
  },
): Promise<FetchOutcomes> {
  const { due, known, reader } = refresh
  if (due.length === 0) return new Map()
  const { session, clock, log, signal } = context
  try {
    await session.signIn.token()
  } catch (thrown) {
    const error = toAkvError(thrown)
    return new Map(due.map((object) => [wantedKey(object), { kind: 'failed', error }]))
  }
  return await fetchConsistently({
    // A required object that is gone doesn't end the retrying of the others.
    objects: due.map((object) => ({ ...object, isRequired: false })),
    known,
    reader,
    clock,
    deadline: fixedDeadline(clock.now()),
    onRetry: (_vault, error) =>
      log.debug(error.message, { code: error.code, azureIds: error.azureIds }),
    signal,
    log,
  })
}

function statusesAfter(
  { config, clock }: RefreshContext,
  refresh: {
    readonly due: readonly WantedObject[]
    readonly problems: readonly TargetProblem[]
    readonly vaults: Pick<RefreshReader, 'isServed'>
    readonly before: RefreshState['statuses']
  },
): RefreshState['statuses'] {
  const nowMs = clock.now()
  const intervalMs = config.refreshSeconds * 1000
  const isUnserved = ({ reference }: WantedObject, { code }: AkvError) =>
    code === 'AKV_THROTTLED' || (isOutageCode(code) && !refresh.vaults.isServed(reference.vault))
  const errors = new Map<string, AkvError>(refresh.problems.map(({ key, error }) => [key, error]))
  const statuses = new Map(refresh.before)
  for (const object of refresh.due) {
    const key = wantedKey(object)
    const error = errors.get(key)
    const before = statuses.get(key) ?? unknownStatus
    if (error === undefined) statuses.set(key, goodStatus(nowMs))
    else if (isUnserved(object, error)) statuses.set(key, unservedStatus(before, { error, nowMs }))
    else statuses.set(key, failedStatus(before, { error, nowMs, intervalMs }))
  }
  return statuses
}
