import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../lib/clock.ts'
import type { SeenSource } from '../../requests/source/seen-source.ts'
import type { SourceState } from '../round/settle/decide-sources.ts'
import { bytesOf, createKeptObjects, type KeptObjects, type ObjectMemory } from './kept-objects.ts'

interface WatchedObjectsOptions {
  /** How a message calls the objects: `classes`. */
  readonly plural: string
  readonly clock: Pick<Clock, 'now'>
  readonly memory: ObjectMemory
  /** Called after each change. */
  readonly onChange: () => void
}

/** Keeps the objects of one kind in a namespace, as their watch sees them. */
export class WatchedObjects<Seen extends SeenSource = SeenSource> {
  readonly #options: WatchedObjectsOptions
  readonly #kept: KeptObjects<Seen>
  readonly #absences: ReturnType<typeof createAbsences>
  /** The objects of a list whose memory is held, although they haven't been put yet. */
  readonly #listing = new Set<string>()
  #version = 0
  #isSettled = false

  constructor(options: WatchedObjectsOptions) {
    this.#options = options
    this.#kept = createKeptObjects<Seen>(options.plural, options.memory)
    this.#absences = createAbsences(options.clock)
  }

  /**
   * @returns false if the object wasn't kept because there are too many
   * @throws AkvError if there are more than can be known even by name
   */
  put(seen: Seen): boolean {
    const before = this.get(seen.name)
    this.#absences.end(seen.name)
    const isKept = this.#kept.put(seen)
    const after = this.get(seen.name)
    if (isSameState(before, after)) return isKept
    if (!requestsSame(before, after)) this.#version++
    this.#options.onChange()
    return isKept
  }

  /**
   * Returns a function that reduces each object of one list, which is put when it is complete. What waits until then is
   * bounded as what is kept.
   */
  reducer(): (seen: Seen) => Seen {
    this.#endListing()
    const waiting = createKeptObjects<Seen>(this.#options.plural, this.#options.memory)
    return (seen) => {
      const before = this.get(seen.name)
      // What is kept already takes no more memory.
      if (before?.content.kind === 'kept' && isSameState(before, seen)) return before
      this.#listing.add(seen.name)
      waiting.put(seen)
      return waiting.get(seen.name) ?? seen
    }
  }

  remove(name: string): void {
    this.#kept.remove(name)
    this.#version++
    this.#absences.begin(name)
    this.#options.onChange()
  }

  /** All objects have been put. */
  listed(): void {
    if (!this.isKnown()) this.#version++
    this.#absences.listed()
    this.#endListing()
    this.#settle()
  }

  /** The cluster doesn't know the kind. */
  absent(): void {
    if (!this.isKnown()) this.#version++
    this.#absences.beginAll()
    this.#settle()
  }

  /** The API server could not be asked, several times. */
  failed(): void {
    if (!this.#isSettled) this.#settle()
  }

  /** Whether the objects have been listed, or could not be. */
  isSettled(): boolean {
    return this.#isSettled
  }

  /** Whether all objects are known, or the cluster doesn't know the kind. Stays true if a later list fails. */
  isKnown(): boolean {
    return this.#absences.areKnown()
  }

  /** Whether there is room again for an object that wasn't kept. */
  hasRoom(): boolean {
    return this.#kept.hasRoom()
  }

  all(): readonly Seen[] {
    return this.#kept.all()
  }

  get(name: string): Seen | undefined {
    return this.#kept.get(name)
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  /**
   * Increases with each change, and when all objects are known for the first time. Not with a change of a status: each
   * controller that keeps a store writes that again and again.
   */
  version(): number {
    return this.#version
  }

  /** The state of an object that doesn't exist. */
  stateOfGone(name: string): SourceState {
    return this.#absences.stateOf(name)
  }

  #settle(): void {
    this.#isSettled = true
    this.#options.onChange()
  }

  /** An object that the list brought and that wasn't put, because the list failed, holds nothing any more. */
  #endListing(): void {
    const { memory } = this.#options
    for (const name of this.#listing) {
      const seen = this.get(name)
      if (seen === undefined) memory.release(name)
      else memory.hold(name, bytesOf(seen))
    }
    this.#listing.clear()
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
