import type { AgentState, HeldObject, ServedRequest } from '../../delivery/agent-state.ts'
import type { AgentConfig } from '../../delivery/contract.ts'
import type { RefreshState } from '../../delivery/projection/refresh-content.ts'
import type { TargetSources } from '../../delivery/projection/target-sources.ts'
import {
  objectKey,
  type WantedObject,
  wantedKey,
  wantedObjects,
} from '../../delivery/projection/wanted-objects.ts'
import { matchAny } from '../../keyvault/finds/match-pattern.ts'
import { describeObject, parseDescription } from '../../keyvault/reference.ts'
import type { Clock } from '../../lib/clock.ts'
import type { AkvErrorCode } from '../../lib/errors/akv-error.ts'
import { handTime, takeTime } from '../../lib/handed-time.ts'
import { version as agent } from '../../lib/version.ts'
import type { ToldState } from '../volume/versions-record.ts'
import type { Volumes } from '../volume/volumes.ts'
import { objectsHeld } from './objects-held.ts'
import type { StateLog } from './state-log.ts'

/** Logs are rotated, so the state is repeated at least this often. */
const longestSilenceMs = 12 * 3600_000
/** A refresh that comes shortly before repeats it, so that the agent rarely has to wake up for it. */
const earlyMs = 3600_000

/** What is in place after a fetch. */
interface Holdings {
  /** With what finds have found. Absent: the pod's own. */
  readonly config?: AgentConfig | undefined
  /** Absent: an earlier process wrote it. */
  readonly sources?: TargetSources | undefined
  /** The objects that were fetched, or that this failed for. */
  readonly refreshed?: readonly WantedObject[]
  /** Absent: all of them succeeded. */
  readonly statuses?: RefreshState['statuses']
  readonly statusesBefore?: RefreshState['statuses']
  /** Why they couldn't be written. */
  readonly writeError?: AkvErrorCode | undefined
  /** The mark of the request that was the reason for this. */
  readonly served?: string | undefined
}

export type StateReport = ReturnType<typeof reportState>

interface ReportOptions {
  readonly config: AgentConfig
  readonly volumes: Pick<Volumes, 'record'>
  readonly clock: Clock
  readonly stateLog: StateLog
  /** The mark of the text of `akv-injector.io/refresh-now` when the process started. */
  readonly seen?: string | undefined
}

/** Reports what the agent holds, and keeps it in a record in the volumes, for the next process. */
export function reportState(options: ReportOptions) {
  const { config, volumes, clock, stateLog, seen } = options
  const { record } = volumes
  const found = ofThisPod(config, record.read())
  let held = found?.held
  let refreshNow = servedBefore(found, seen)
  let told: { readonly state: AgentState; readonly atMs: number } | undefined

  const hold = (holdings: Holdings) => {
    const wanted = holdings.config ?? config
    held = objectsHeld({ ...heldOf(holdings, clock), config: wanted, before: held })
    const objects = [...held.values()]
    const at = wallTimeOf(clock.now(), clock)
    if (holdings.served !== undefined) refreshNow = { seen: holdings.served, at }
    return { agent, at, objects, ...(refreshNow && { refreshNow }) }
  }
  const dueInMs = () =>
    told === undefined ? 0 : Math.max(0, told.atMs + longestSilenceMs - clock.now())
  const save = () => {
    if (told) record.write({ state: told.state, lines: stateLog.linesSince() })
  }
  const report = (holdings: Holdings) => {
    const shown = () => JSON.stringify([held && [...held.values()], refreshNow])
    const before = shown()
    const state = hold(holdings)
    const isChanged = before !== shown()
    if (isChanged || dueInMs() <= earlyMs) {
      told = { state, atMs: clock.now() }
      stateLog.tell(state)
    }
    save()
  }
  return {
    /** Logs what the agent holds if that has changed, or wasn't logged for long. */
    report,
    /** Goes on after another process of this container, whose log goes on, too. */
    resume() {
      const { state, lines } = found ?? { state: hold({}), lines: 0 }
      told = { state, atMs: takeTime({ wallMs: Date.parse(state.at) }, clock) }
      if (found) stateLog.resume(state, lines)
    },
    /** Goes on after another container, with what its finds have found. */
    restart: (wanted?: AgentConfig) => report({ config: wanted }),
    /** Records how many lines were logged. To be called before another process goes on. */
    save,
    /** When the state has to be logged again. */
    dueInMs,
  }
}

type RecordedState = ToldState & { readonly held: ReadonlyMap<string, HeldObject> }

/** A record of another configuration says nothing about this one. Only finds add objects to those of the configuration. */
function ofThisPod(config: AgentConfig, told: ToldState | undefined): RecordedState | undefined {
  if (told === undefined) return undefined
  const held = new Map<string, HeldObject>()
  const recorded = [...told.state.objects]
  // An object and its history have the same description, and keep their order.
  for (const wanted of wantedObjects(config)) {
    const name = describeObject(wanted.reference)
    const at = recorded.findIndex(({ object }) => object === name)
    const [found] = at < 0 ? [] : recorded.splice(at, 1)
    if (found === undefined) return undefined
    held.set(wantedKey(wanted), found)
  }
  const mayBeFound = matchAny(config.finds ?? [])
  for (const found of recorded) {
    const reference = parseDescription(found.object)
    if (reference === undefined || !mayBeFound(reference)) return undefined
    held.set(objectKey(reference), found)
  }
  return { ...told, held }
}

/** What an earlier process has told counts only if the annotation hasn't changed since. */
function servedBefore(
  found: ToldState | undefined,
  seen: string | undefined,
): ServedRequest | undefined {
  const before = found?.state.refreshNow
  return before?.seen === seen ? before : seen === undefined ? undefined : { seen }
}

function heldOf(
  { sources, refreshed = [], statuses, statusesBefore, writeError }: Omit<Holdings, 'config'>,
  clock: Clock,
): Omit<Parameters<typeof objectsHeld>[0], 'config' | 'before'> {
  const keys = refreshed.map(wantedKey)
  return {
    at: wallTimeOf(clock.now(), clock),
    sources,
    errors: new Map(keys.map((key) => [key, statuses?.get(key)?.error?.code ?? writeError])),
    goodAt(key) {
      const goodAtMs = statusesBefore?.get(key)?.goodAtMs
      return goodAtMs === undefined ? undefined : wallTimeOf(goodAtMs, clock)
    },
  }
}

/** A time of `clock.now()` as ISO 8601. */
const wallTimeOf = (ms: number, clock: Clock): string =>
  new Date(handTime(ms, clock).wallMs).toISOString()
