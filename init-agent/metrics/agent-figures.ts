import type { AgentConfig } from '../../delivery/contract.ts'
import type { FetchOutcome, FetchOutcomes } from '../../delivery/projection/fetch-objects.ts'
import type { RefreshState } from '../../delivery/projection/refresh-content.ts'
import { type WantedObject, wantedKey } from '../../delivery/projection/wanted-objects.ts'
import type { ObjectDates } from '../../keyvault/clients/object-client.ts'
import type { AkvErrorCode } from '../../lib/errors/akv-error.ts'

/** What one refresh did. */
export interface RefreshResult {
  /** With what finds have found. Absent: the pod's own. */
  readonly config?: AgentConfig | undefined
  readonly statuses: RefreshState['statuses']
  /** Of the objects that were requested. */
  readonly outcomes: FetchOutcomes
  /** Whether the new content is in the volumes. */
  readonly isWritten: boolean
  /** Whether any file or variable has changed. */
  readonly isChanged: boolean
  /** What failed besides objects: listing a vault, writing, or notifying the application. */
  readonly otherFailures: readonly AkvErrorCode[]
}

/** A kind of failure. Has the vault if an object failed. */
interface Failure {
  readonly code: AkvErrorCode
  readonly vault?: string
}

/** The state of the agent, as metrics show it. Times are boot times, but for the dates of objects. Holds no value, version or hash. */
export interface AgentFigures {
  readonly refreshes: number
  readonly switches: number
  /** The number of refreshes in which something failed, by code and vault. */
  readonly failures: readonly (Failure & { readonly count: number })[]
  /** How many objects couldn't be refreshed the last time. */
  readonly failingObjects: number
  readonly lastRefreshAtMs: number
  /** When everything in place was last known to match the vaults. */
  readonly lastSuccessAtMs: number
  /** Since when the oldest stale value may differ from its vault. Absent: the last refresh succeeded. */
  readonly staleSinceMs?: number
  /** Of the version of each object that is in place, by `objectKey`; of a history, the newest one. */
  readonly dates: ReadonlyMap<string, ObjectDates>
}

/**
 * The figures at the start.
 *
 * @param start - `goodAtMs`: when the content in place was last known to match the vaults; `outcomes`: the first fetch, if
 *   this process did it; `dates`: those of the objects in place, if the process before has handed them over
 */
export function startFigures(start: {
  readonly nowMs: number
  readonly goodAtMs: number
  readonly outcomes?: FetchOutcomes
  readonly dates?: Readonly<Record<string, ObjectDates>>
}): AgentFigures {
  const { nowMs, goodAtMs, outcomes = new Map(), dates = {} } = start
  return {
    refreshes: 0,
    switches: 0,
    failures: [],
    failingObjects: 0,
    lastRefreshAtMs: nowMs,
    lastSuccessAtMs: goodAtMs,
    dates: datesAfter(new Map(Object.entries(dates)), outcomes),
  }
}

/** When all content was last known to match the vaults. */
export const freshAtMs = ({ staleSinceMs, lastSuccessAtMs }: AgentFigures): number =>
  staleSinceMs ?? lastSuccessAtMs

/** The figures after one more refresh of these objects, which ended at `nowMs`. */
export function figuresAfter(
  before: AgentFigures,
  refresh: {
    readonly objects: readonly WantedObject[]
    readonly result: RefreshResult
    readonly nowMs: number
  },
): AgentFigures {
  const { objects, result, nowMs } = refresh
  const { statuses, outcomes, isWritten, isChanged } = result
  const failing = [...statuses.values()].filter(({ error }) => error !== undefined)
  const keys = new Set(objects.map(wantedKey))
  const isFailing = (key: string) => statuses.get(key)?.error !== undefined
  const staleSinceMs = Math.min(
    ...failing.map(({ goodAtMs }) => goodAtMs ?? before.lastSuccessAtMs),
    ...(isWritten ? [] : [before.lastSuccessAtMs]),
  )
  const isStale = Number.isFinite(staleSinceMs)
  return {
    refreshes: before.refreshes + 1,
    switches: before.switches + (isChanged ? 1 : 0),
    failures: countEach(before.failures, failuresOf(refresh)),
    failingObjects: [...keys].filter(isFailing).length,
    lastRefreshAtMs: nowMs,
    lastSuccessAtMs: isStale ? before.lastSuccessAtMs : nowMs,
    ...(isStale && { staleSinceMs }),
    dates: datesAfter(
      // Finds may no longer find an object.
      new Map([...before.dates].filter(([key]) => keys.has(key))),
      [...outcomes].filter(([key]) => isWritten && !isFailing(key)),
    ),
  }
}

function failuresOf({
  objects,
  result,
}: Omit<Parameters<typeof figuresAfter>[1], 'nowMs'>): readonly Failure[] {
  const { statuses, outcomes, otherFailures } = result
  const failed = objects.flatMap((object) => {
    const { vault } = object.reference
    const key = wantedKey(object)
    const code = statuses.get(key)?.error?.code
    // An object that backs off wasn't requested, so it hasn't failed again.
    return code === undefined || !outcomes.has(key) ? [] : [{ code, vault }]
  })
  return [...failed, ...otherFailures.map((code) => ({ code }))]
}

/** Counts each kind once, however many objects failed that way. */
function countEach(
  before: AgentFigures['failures'],
  found: readonly Failure[],
): AgentFigures['failures'] {
  const kindOf = ({ code, vault = '' }: Failure) => `${code} ${vault}`
  const after = new Map(before.map((failure) => [kindOf(failure), failure]))
  for (const [kind, failure] of new Map(found.map((failure) => [kindOf(failure), failure])))
    after.set(kind, { ...failure, count: (after.get(kind)?.count ?? 0) + 1 })
  return [...after.values()]
}

/** The dates after these outcomes are in place. */
function datesAfter(
  before: AgentFigures['dates'],
  outcomes: Iterable<readonly [string, FetchOutcome]>,
): AgentFigures['dates'] {
  const dates = new Map(before)
  for (const [key, outcome] of outcomes)
    if (outcome.kind === 'fetched') dates.set(key, datesOf(outcome.found[0]))
    else dates.delete(key)
  return dates
}

/** Only the dates, because the rest of the object must not stay in memory. */
const datesOf = ({ createdAtMs, expiresAtMs }: ObjectDates): ObjectDates => ({
  ...(createdAtMs !== undefined && { createdAtMs }),
  ...(expiresAtMs !== undefined && { expiresAtMs }),
})
