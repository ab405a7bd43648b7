/** The lines `state` of an agent's log, which say what the agent holds. The agent writes them, and commands read them. Pure. */

import { isObjectVersion, parseDescription } from '../keyvault/reference.ts'
import {
  type Accepted,
  type Check,
  checkThat,
  listOf,
  matches,
  number,
  object,
  oneOf,
  optional,
  string,
} from '../lib/shape.ts'
import { isRequestMark } from './refresh-request.ts'

/** The message of such a line. */
export const stateMessage = 'state'

/** How many versions the history of variables keeps for each object. */
export const maxVariableVersions = 20

/** How many versions of one object a state names. Only a long history has more. */
const maxVersions = 200

/** Container runtimes cut a line at 16 KiB. The rest of the line takes less than 1 KiB. */
const maxObjectBytes = 12 * 1024

/** The agent repeats its state after 100 other lines, so that the last 150 lines hold one. */
const maxParts = 50

const time = string(
  (text) =>
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text) && !Number.isNaN(Date.parse(text)),
)
const version = string(isObjectVersion)
const versionWithTime: Check<readonly [version: string, since: string]> = checkThat(
  (value): value is readonly [string, string] =>
    Array.isArray(value) &&
    value.length === 2 &&
    matches(version, value[0]) &&
    matches(time, value[1]),
)

/** An agent never writes more, and what the commands keep of a state grows with it. */
const atMost =
  <T>(most: number, list: Check<readonly T[]>): Check<readonly T[]> =>
  (value) =>
    Array.isArray(value) && value.length > most ? '' : list(value)

const heldObject = object({
  /** The result of `describeObject`. An object and its history are two entries. */
  object: string((text) => parseDescription(text) !== undefined),
  /**
   * The versions in place, newest first. More than one: a history, or a refresh that reached only some of the targets.
   * Empty: nothing is in place. Absent: not known, because the agent was restarted.
   */
  versions: optional(atMost(maxVersions, listOf(version))),
  /** When the newest of them was put in place in this pod. */
  since: optional(time),
  /** When the newest of them expires. */
  expires: optional(time),
  /** Why the last refresh failed, and when the object was last known to match the vault. */
  failing: optional(
    object({
      code: string((code) => /^AKV_[A-Z_]{1,60}$/.test(code)),
      since: optional(time),
    }),
  ),
  /**
   * Only if a variable has the object: the versions since the pod's start, oldest first, each with the time when it was put in
   * place. It replaced those before it, but not those with the same time: they are in place together, in several variables.
   * See {@link variableVersionsOf}.
   */
  variables: optional(atMost(maxVariableVersions, listOf(versionWithTime))),
  /** Versions are left out, or a restart lost them. */
  older: optional(oneOf([true])),
})

/** What an agent holds of one object. Never the value, its length or a hash. */
export type HeldObject = Accepted<typeof heldObject>

export interface AgentState {
  /** The agent's version. */
  readonly agent: string
  /** When it was written. All times are ISO 8601, in UTC and with milliseconds. */
  readonly at: string
  readonly objects: readonly HeldObject[]
  /** Absent: the agent can't see `akv-injector.io/refresh-now`. */
  readonly refreshNow?: ServedRequest
}

/** The text of `akv-injector.io/refresh-now` that the agent knows, and when it has refreshed because of it. */
const servedRequest = object({ seen: string(isRequestMark), at: optional(time) })
export type ServedRequest = Accepted<typeof servedRequest>

const statePart = object({
  agent: string((text) => /^[!-~]{1,64}$/.test(text)),
  at: time,
  part: number((part) => Number.isSafeInteger(part) && part >= 1),
  parts: number((parts) => Number.isSafeInteger(parts) && parts >= 1 && parts <= maxParts),
  objects: listOf(heldObject),
  refreshNow: optional(servedRequest),
})

type StatePart = Accepted<typeof statePart>

/** The details of the lines that describe a state. All of them have the same `at`. */
export function stateLines(state: AgentState): readonly StatePart[] {
  const { agent, at, refreshNow } = state
  const parts = fittingParts(state.objects)
  return parts.map((objects, i) => ({
    ...{ agent, at, part: i + 1, parts: parts.length, objects },
    ...(refreshNow && { refreshNow }),
  }))
}

/** Shortens the history of variables if the state would take too many lines. */
function fittingParts(objects: readonly HeldObject[]): readonly (readonly HeldObject[])[] {
  const inParts = (maxVariables: number) =>
    packObjects(objects.map((object) => withoutOldest(object, maxVariables)))
  const parts = inParts(maxVariableVersions)
  return parts.length <= maxParts ? parts : inParts(1)
}

function withoutOldest(object: HeldObject, maxVariables: number): HeldObject {
  const { versions, variables } = object
  const isLong = (versions?.length ?? 0) > maxVersions || (variables?.length ?? 0) > maxVariables
  if (!isLong) return object
  return {
    ...object,
    ...(versions && { versions: versions.slice(0, maxVersions) }),
    ...(variables && { variables: newestVariables(variables, maxVariables) }),
    older: true,
  }
}

/** The newest of a history of variables. Versions with the same time stay together or not at all. */
export function newestVariables(
  variables: NonNullable<HeldObject['variables']>,
  max: number,
): NonNullable<HeldObject['variables']> {
  const leftOut = variables.at(-max - 1)
  return variables.slice(-max).filter(([, since]) => since !== leftOut?.[1])
}

function packObjects(objects: readonly HeldObject[]): readonly (readonly HeldObject[])[] {
  const parts: HeldObject[][] = [[]]
  let bytes = 0
  for (const object of objects) {
    // All of it is ASCII.
    const length = JSON.stringify(object).length + 1
    if (bytes + length > maxObjectBytes && bytes > 0) {
      parts.push([])
      bytes = 0
    }
    parts.at(-1)?.push(object)
    bytes += length
  }
  return parts
}

/** How long before its `startedAt` a container may have got its variables, and by how much the two clocks may differ. */
const longestStartMs = 60_000
const clockDifferenceMs = 1_000

/**
 * The versions of an object that the variables of a running container may have.
 *
 * @param startedAtMs - when the container started, in milliseconds since 1970
 * @returns `isComplete`: false if it may have others, which the state doesn't know
 */
export function variableVersionsOf(
  { variables = [], older }: HeldObject,
  startedAtMs: number,
): { readonly versions: readonly string[]; readonly isComplete: boolean } {
  const [fromMs, toMs] = [startedAtMs - longestStartMs, startedAtMs + clockDifferenceMs]
  const times = [...new Set(variables.map(([, since]) => since))]
  const wasInPlace = (since: string) => {
    const replacedAt = times[times.indexOf(since) + 1]
    return (
      Date.parse(since) <= toMs && (replacedAt === undefined || Date.parse(replacedAt) > fromMs)
    )
  }
  const [oldest] = times
  const isCovered = oldest !== undefined && Date.parse(oldest) <= fromMs
  // If the node's clock was set back, the times don't say which version was in place.
  const isInOrder = times.every((time, i) => i === 0 || time > (times[i - 1] ?? ''))
  const held = variables.filter(([, since]) => wasInPlace(since))
  return {
    versions: held.map(([version]) => version),
    isComplete: isInOrder && (isCovered || older !== true),
  }
}

/** Reads the newest state that is complete. Its lines have to be next to each other, without lines of another state between. */
export function createStateReader() {
  let parts: StatePart[] = []
  let newest: AgentState | undefined
  return {
    /** @param details - of a line, oldest first. Anything that {@link stateLines} didn't write is left out. */
    read(details: unknown): void {
      if (!matches(statePart, details)) return
      const last = parts.at(-1)
      const goesOn =
        details.at === last?.at && details.parts === last.parts && details.part === last.part + 1
      if (!goesOn) parts = []
      if (goesOn || details.part === 1) parts.push(details)
      if (parts.length !== details.parts) return
      const { agent, at, refreshNow } = details
      const objects = parts.flatMap(({ objects }) => objects)
      newest = { agent, at, objects, ...(refreshNow && { refreshNow }) }
      parts = []
    },
    newest: () => newest,
  }
}

/** Reads the details that {@link stateLines} wrote. Returns undefined if no state is complete. */
export function parseStateLines(details: readonly unknown[]): AgentState | undefined {
  const reader = createStateReader()
  for (const each of details) reader.read(each)
  return reader.newest()
}
