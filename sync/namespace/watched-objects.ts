import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../lib/clock.ts'
import type { SeenSource } from '../../requests/source/seen-source.ts'
import type { SourceState } from '../round/settle/decide-sources.ts'
import { bytesOf, createKeptObjects, type ObjectMemory } from './kept-objects.ts'

interface WatchedObjectsOptions {
  /** How a message calls the objects: `classes`. */
  readonly plural: string
  readonly clock: Pick<Clock, 'now'>
  readonly memory: ObjectMemory
  /** Called after each change. */
  readonly onChange: () => void
}

export type WatchedObjects<Seen extends SeenSource = SeenSource> = ReturnType<
  typeof createWatchedObjects<Seen>
>

/** Keeps the objects of one kind in a namespace, as their watch sees them. */
export function createWatchedObjects<Seen extends SeenSource>({
  plural,
  clock,
  memory,
  onChange,
}: WatchedObjectsOptions) {
  let version = 0
  const kept = createKeptObjects<Seen>(plural, memory)
  const absences = createAbsences(clock)
  let isSettled = false
  /** The objects of a list whose memory is held, although they haven't been put yet. */
  const listing = new Set<string>()
  const endListing = () => {
    // An object that the list brought and that wasn't put, because the list failed, holds nothing any more.
    for (const name of listing) {
      const seen = kept.get(name)
      if (seen === undefined) memory.release(name)
      else memory.hold(name, bytesOf(seen))
    }
    listing.clear()
  }
  const settle = () => {
    isSettled = true
    onChange()
  }
  return {
    /**
     * @returns false if the object wasn't kept because there are too many
     * @throws AkvError if there are more than can be known even by name
     */
    put(seen: Seen): boolean {
      const before = kept.get(seen.name)
      absences.end(seen.name)
      const isKept = kept.put(seen)
      const after = kept.get(seen.name)
      if (isSameState(before, after)) return isKept
      if (!requestsSame(before, after)) version++
      onChange()
      return isKept
    },
    /**
     * Returns a function that reduces each object of one list, which is put when it is complete. What waits until then is
     * bounded as what is kept.
     */
    reducer(): (seen: Seen) => Seen {
      endListing()
      const waiting = createKeptObjects<Seen>(plural, memory)
      return (seen) => {
        const before = kept.get(seen.name)
        // What is kept already takes no more memory.
        if (before?.content.kind === 'kept' && isSameState(before, seen)) return before
        listing.add(seen.name)
        waiting.put(seen)
        return waiting.get(seen.name) ?? seen
      }
    },
    remove(name: string): void {
      kept.remove(name)
      version++
      absences.begin(name)
      onChange()
    },
    /** All objects have been put. */
    listed(): void {
      if (!absences.areKnown()) version++
      absences.listed()
      endListing()
      settle()
    },
    /** The cluster doesn't know the kind. */
    absent(): void {
      if (!absences.areKnown()) version++
      absences.beginAll()
      settle()
    },
    /** The API server could not be asked, several times. */
    failed: () => void (isSettled || settle()),
    /** Whether the objects have been listed, or could not be. */
    isSettled: () => isSettled,
    /** Whether all objects are known, or the cluster doesn't know the kind. Stays true if a later list fails. */
    isKnown: absences.areKnown,
    /** Whether there is room again for an object that wasn't kept. */
    hasRoom: kept.hasRoom,
    all: kept.all,
    get: kept.get,
    has: (name: string) => kept.get(name) !== undefined,
    /**
     * Increases with each change, and when all objects are known for the first time. Not with a change of a status: each
     * controller that keeps a store writes that again and again.
     */
    version: () => version,
    /** The state of an object that doesn't exist. */
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
