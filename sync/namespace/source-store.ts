import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../lib/clock.ts'
import type { SourceState } from '../round/settle/decide-fates.ts'
import type { SeenSource } from '../source/seen-source.ts'
import { createKeptObjects } from './kept-objects.ts'

/** The objects of one kind in a namespace, as their watch sees them. */
export interface SourceStore<Seen extends SeenSource = SeenSource> {
  /**
   * @returns false if the object wasn't kept because there are too many
   * @throws AkvError if there are more than can be known even by name
   */
  put(seen: Seen): boolean
  /**
   * Returns a function that reduces each object of one list, which is put when it is complete. What waits until then is bounded
   * as what is kept.
   */
  reducer(): (seen: Seen) => Seen
  remove(name: string): void
  /** All objects have been put. */
  listed(): void
  /** The cluster doesn't know the kind. */
  absent(): void
  /** The API server could not be asked, several times. */
  failed(): void
  /** Whether the objects have been listed, or could not be. */
  isSettled(): boolean
  /** Whether all objects are known, or the cluster doesn't know the kind. Stays true if a later list fails. */
  isKnown(): boolean
  /** Whether there is room again for an object that wasn't kept. */
  hasRoom(): boolean
  all(): readonly Seen[]
  get(name: string): Seen | undefined
  has(name: string): boolean
  /**
   * Increases with each change, and when all objects are known for the first time. Not with a change of a status: each
   * controller that keeps a store writes that again and again.
   */
  version(): number
  /** The state of an object that doesn't exist. */
  stateOfGone(name: string): SourceState
}

export interface SourceStoreOptions {
  /** How a message calls the objects: `classes`. */
  readonly plural: string
  readonly clock: Pick<Clock, 'now'>
  /** Called after each change. */
  readonly onChange: () => void
}

export function createSourceStore<Seen extends SeenSource>({
  plural,
  clock,
  ...options
}: SourceStoreOptions): SourceStore<Seen> {
  let version = 0
  const { onChange } = options
  const kept = createKeptObjects<Seen>(plural)
  const absences = createAbsences(clock)
  let isSettled = false
  let hasRoom = false
  const settle = () => {
    isSettled = true
    onChange()
  }
  return {
    put(seen) {
      const before = kept.get(seen.name)
      absences.end(seen.name)
      const isKept = kept.put(seen)
      const after = kept.get(seen.name)
      if (isSameState(before, after)) return isKept
      if (!requestsSame(before, after)) version++
      onChange()
      return isKept
    },
    reducer() {
      const waiting = createKeptObjects<Seen>(plural)
      return (seen) => {
        const before = kept.get(seen.name)
        // What is kept already takes no more memory.
        if (before?.content.kind === 'kept' && isSameState(before, seen)) return before
        waiting.put(seen)
        return waiting.get(seen.name) ?? seen
      }
    },
    remove(name) {
      kept.remove(name)
      version++
      absences.begin(name)
      hasRoom = kept.isCrowded()
      onChange()
    },
    listed() {
      if (!absences.areKnown()) version++
      absences.listed()
      hasRoom = false
      settle()
    },
    absent() {
      if (!absences.areKnown()) version++
      absences.beginAll()
      settle()
    },
    failed: () => void (isSettled || settle()),
    isSettled: () => isSettled,
    isKnown: absences.areKnown,
    hasRoom: () => hasRoom,
    all: kept.all,
    get: kept.get,
    has: (name) => kept.get(name) !== undefined,
    version: () => version,
    stateOfGone: absences.stateOf,
  }
}

/** Whether an object is as before. One that there was no room for may have room now. */
const isSameState = (a: SeenSource | undefined, b: SeenSource | undefined): boolean =>
  a?.resourceVersion === b?.resourceVersion && a?.content.kind === b?.content.kind

/** Whether two states of an object are read as the same. */
const requestsSame = (a: SeenSource | undefined, b: SeenSource | undefined): boolean =>
  a?.uid === b?.uid && a?.annotated === b?.annotated && isDeepStrictEqual(a?.content, b?.content)

/** Longer than any Secret waits for its source to return. Older times would say no more than the time of the list does. */
const rememberedMs = 120_000

/** Remembers since when objects have been gone. */
function createAbsences(clock: Pick<Clock, 'now'>) {
  const goneAtMs = new Map<string, number>()
  let listedAtMs: number | undefined
  return {
    begin(name: string): void {
      const nowMs = clock.now()
      goneAtMs.delete(name)
      goneAtMs.set(name, nowMs)
      // The map is in the order in which the classes went.
      for (const [other, atMs] of goneAtMs) {
        if (nowMs - atMs <= rememberedMs) break
        goneAtMs.delete(other)
      }
    },
    end: (name: string) => void goneAtMs.delete(name),
    areKnown: (): boolean => listedAtMs !== undefined,
    /** All objects are known. */
    listed() {
      listedAtMs ??= clock.now()
    },
    /** The kind has gone. */
    beginAll() {
      listedAtMs = clock.now()
    },
    stateOf: (name: string): SourceState =>
      listedAtMs === undefined
        ? { kind: 'unknown' }
        : { kind: 'gone', sinceMs: goneAtMs.get(name) ?? listedAtMs },
  }
}
