import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../lib/clock.ts'
import type { SourceState } from '../round/settle/decide-fates.ts'
import type { SeenSource, SourceContent } from '../source/seen-source.ts'

/**
 * What is kept of the objects of one kind in a namespace: anybody who may create them there could otherwise fill the memory of
 * the controller, and reading them takes its time.
 */
export const maxObjects = 500
export const maxCharacters = 1024 * 1024
/** How many names of Secrets are kept of the objects that aren't. */
export const maxClaims = 2000

/** The objects of one kind in a namespace, as their watch sees them. */
export interface SourceStore<Seen extends SeenSource = SeenSource> {
  /** @returns false if the object wasn't kept because there are too many */
  put(seen: Seen): boolean
  remove(name: string): void
  /** All objects have been put. */
  listed(): void
  /** The cluster doesn't know the kind. */
  absent(): void
  /** The API server could not be asked. */
  failed(): void
  /** Whether the first attempt to list the objects has ended. */
  isSettled(): boolean
  /** Whether there is room again for an object that wasn't kept. */
  hasRoom(): boolean
  all(): readonly Seen[]
  get(name: string): Seen | undefined
  has(name: string): boolean
  /** Increases with each change, except of a status: each controller that keeps a store writes that again and again. */
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
      if (before?.resourceVersion === seen.resourceVersion) return isKept
      if (!requestsSame(before, kept.get(seen.name))) version++
      onChange()
      return isKept
    },
    remove(name) {
      kept.remove(name)
      version++
      absences.begin(name)
      hasRoom = kept.isCrowded()
      onChange()
    },
    listed() {
      absences.listed()
      hasRoom = false
      settle()
    },
    absent() {
      absences.beginAll()
      settle()
    },
    failed: () => void (isSettled || settle()),
    isSettled: () => isSettled,
    hasRoom: () => hasRoom,
    all: kept.all,
    get: kept.get,
    has: (name) => kept.get(name) !== undefined,
    version: () => version,
    stateOfGone: absences.stateOf,
  }
}

/** Whether two states of an object are read as the same. */
const requestsSame = (a: SeenSource | undefined, b: SeenSource | undefined): boolean =>
  a?.uid === b?.uid && a?.annotated === b?.annotated && isDeepStrictEqual(a?.content, b?.content)

/** The objects. Of those that there is no room for, only what they claim. */
function createKeptObjects<Seen extends SeenSource>(plural: string) {
  const tooMany = `is one too many: the controller reads at most ${maxObjects} ${plural} with ${maxCharacters} characters in a namespace; delete some`
  const objects = new Map<string, Seen>()
  const counts = { kept: 0, characters: 0, tooMany: 0, claims: 0 }
  const count = ({ content }: SeenSource, sign: 1 | -1) => {
    if (content.kind === 'refused') {
      counts.claims += sign * content.claims.length
      if (content.sentence === tooMany) counts.tooMany += sign
    }
    if (content.kind !== 'kept') return
    counts.kept += sign
    counts.characters += sign * content.characters
  }
  const remove = (name: string) => {
    const before = objects.get(name)
    if (before !== undefined) count(before, -1)
    objects.delete(name)
  }
  const fits = ({ content }: SeenSource) =>
    content.kind !== 'kept' ||
    (counts.kept < maxObjects && counts.characters + content.characters <= maxCharacters)
  return {
    put(seen: Seen): boolean {
      remove(seen.name)
      const isKept = fits(seen)
      const isWhole = isKept && seen.content.kind !== 'refused'
      const room = maxClaims - counts.claims
      const stored = isWhole ? seen : { ...seen, content: reduce(seen.content, { tooMany, room }) }
      objects.set(seen.name, stored)
      count(stored, 1)
      return isKept
    },
    remove,
    get: (name: string) => objects.get(name),
    all: () => [...objects.values()],
    /** Whether there was no room for one of the objects. */
    isCrowded: () => counts.tooMany > 0,
  }
}

/** Keeps only what an object claims, and of that only as many names as there is room for. */
function reduce(
  content: SourceContent,
  { tooMany, room }: { readonly tooMany: string; readonly room: number },
): SourceContent {
  if (content.kind === 'nothing') return content
  const sentence = content.kind === 'kept' ? tooMany : content.sentence
  return { kind: 'refused', sentence, claims: content.claims.slice(0, room) }
}

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
