import {
  type AgentState,
  type HeldObject,
  variableVersionsOf,
} from '../../../delivery/agent-state.ts'
import { parseDescription, referenceKey } from '../../../keyvault/reference.ts'
import type { AgentPod } from './agent-pod.ts'
import type { AskedObject } from './agent-requests.ts'

/** Which versions of an object a pod holds. Undefined: not known. */
export interface HeldVersions {
  /** The versions in files, newest first. Empty if no file has the object. */
  readonly files: readonly string[] | undefined
  /**
   * For each running process with variables: the versions that may have been current when its container was created.
   */
  readonly processes: readonly (readonly string[])[] | undefined
  /** The versions that a container would get as variables if it started now. */
  readonly nextStart: readonly string[] | undefined
  readonly sinceMs: number | undefined
  readonly expiresMs: number | undefined
  readonly failing: { readonly code: string; readonly sinceMs: number | undefined } | undefined
  /** When this pod is first known to have had each version. */
  readonly seen: readonly (readonly [version: string, atMs: number])[]
}

/** The objects that a state names, by `referenceKey`. An object and its history are two entries. */
export const entriesOf = (state: AgentState): ReadonlyMap<string, readonly HeldObject[]> =>
  Map.groupBy(state.objects, ({ object }) => {
    const reference = parseDescription(object)
    return reference === undefined ? '' : referenceKey(reference)
  })

/** A pod, and what its agent has answered. */
interface AnsweredPod {
  readonly pod: Pick<AgentPod, 'requests' | 'others'>
  readonly entries: ReadonlyMap<string, readonly HeldObject[]>
  /** When the agent was asked. */
  readonly atMs: number
}

/**
 * Even two long histories of an object have fewer versions. There has to be a limit, because whoever writes to an
 * agent's log could name thousands, and all of them are kept for each pod.
 */
const maxVersions = 500

/**
 * Tells from an agent's state which versions of an object its pod holds. They count as not known if the state names
 * more than {@link maxVersions}.
 */
export function heldVersions(
  asked: AskedObject,
  { pod, entries, atMs }: AnsweredPod,
): HeldVersions {
  const { object, isInFiles, variables } = asked
  const named = entries.get(referenceKey(object)) ?? []
  const found = countVersions(named) > maxVersions ? [] : named
  const inPlace = versionsInPlace(found)
  const [first] = found
  const consumers = pod.others.filter(({ name }) => pod.requests?.containers.includes(name))
  const startsMs = consumers.flatMap(({ startedAtMs }) => startedAtMs ?? [])
  // For a container that isn't running yet, the kubelet may have read the variables already.
  const startingMs = startsMs.length < consumers.length ? [atMs] : []
  const failing = found.find((entry) => entry.failing)?.failing
  const isVariable = variables.length > 0
  const starting = versionsAtStarts(found, { asked, startsMs: startingMs })
  return {
    files: isInFiles ? inPlace : [],
    processes: isVariable ? versionsAtStarts(found, { asked, startsMs }) : [],
    nextStart: isVariable ? inPlace && starting && distinct([...inPlace, ...starting.flat()]) : [],
    sinceMs: timeOf(first?.since),
    expiresMs: timeOf(first?.expires),
    failing: failing && { code: failing.code, sinceMs: timeOf(failing.since) },
    seen: found.flatMap((entry) => [
      ...(entry.variables ?? []).map(([version, time]) => [version, Date.parse(time)] as const),
      ...firstVersion(entry),
    ]),
  }
}

const countVersions = (entries: readonly HeldObject[]): number =>
  entries.reduce(
    (sum, { versions = [], variables = [] }) => sum + versions.length + variables.length,
    0,
  )

const distinct = (versions: readonly string[]): readonly string[] => [...new Set(versions)]

function firstVersion({ versions, since }: HeldObject): readonly (readonly [string, number])[] {
  const [newest] = versions ?? []
  return newest === undefined || since === undefined ? [] : [[newest, Date.parse(since)]]
}

function versionsInPlace(entries: readonly HeldObject[]): readonly string[] | undefined {
  if (entries.length === 0) return undefined
  // The state of a long history doesn't name the oldest versions.
  const lists = entries.map(({ versions, variables, older }) =>
    older && variables === undefined ? undefined : versions,
  )
  return lists.includes(undefined) ? undefined : distinct(lists.flatMap((list) => list ?? []))
}

const timeOf = (time: string | undefined): number | undefined =>
  time === undefined ? undefined : Date.parse(time)

/**
 * The versions at each process's start. Undefined if one of the processes may have started with a version that isn't
 * known.
 */
function versionsAtStarts(
  entries: readonly HeldObject[],
  {
    asked: { isOptional },
    startsMs,
  }: { readonly asked: Pick<AskedObject, 'isOptional'>; readonly startsMs: readonly number[] },
): readonly (readonly string[])[] | undefined {
  if (startsMs.length === 0) return []
  const entry = entries.find(({ variables }) => variables !== undefined)
  if (entry === undefined) return undefined
  const starts = startsMs.map((startMs) => variableVersionsOf(entry, startMs))
  // A process can't have started without a version, so the times may be those of another container with this name.
  const isKnown = ({ versions, isComplete }: (typeof starts)[number]) =>
    isComplete && (isOptional || versions.length > 0)
  return starts.every(isKnown) ? starts.map(({ versions }) => versions) : undefined
}

/**
 * Variables that running processes got from an older version than a new process would get. A process that may have
 * either version isn't counted.
 */
export const olderVariables = (
  { variables }: AskedObject,
  { processes = [], nextStart }: Pick<HeldVersions, 'processes' | 'nextStart'>,
): readonly string[] => {
  const [newest] = nextStart ?? []
  const isOlder = newest !== undefined && processes.some((versions) => !versions.includes(newest))
  return isOlder ? variables : []
}
