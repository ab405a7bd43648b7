import type { Clock } from '../../lib/clock.ts'
import type { SourceState } from '../round/settle/decide-fates.ts'
import { readClaims } from '../source/read-claims.ts'
import type { SeenClass } from '../source/seen-class.ts'

/**
 * What is kept of the classes of one namespace: anybody who may create them there could otherwise fill the memory of the
 * controller, and reading them takes its time.
 */
export const maxClasses = 500
export const maxCharacters = 1024 * 1024
/** How many names of Secrets are kept of the classes that aren't. */
export const maxClaims = 2000

/** The SecretProviderClasses of a namespace, as its watch sees them. */
export interface ClassStore {
  /** @returns false if the class wasn't kept because there are too many */
  put(seen: SeenClass): boolean
  remove(name: string): void
  /** All classes have been put. */
  listed(): void
  /** The cluster doesn't know the kind. */
  absent(): void
  /** The API server could not be asked. */
  failed(): void
  /** Whether the first attempt to list the classes has ended. */
  isSettled(): boolean
  /** Whether there is room again for a class that wasn't kept. */
  hasRoom(): boolean
  all(): readonly SeenClass[]
  has(name: string): boolean
  /** The state of a class that doesn't exist. */
  stateOfGone(name: string): SourceState
}

export interface ClassStoreOptions {
  readonly clock: Pick<Clock, 'now'>
  /** Called after each change. */
  readonly onChange: () => void
}

export function createClassStore({ clock, onChange }: ClassStoreOptions): ClassStore {
  const kept = createKeptClasses()
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
      if (before?.resourceVersion !== seen.resourceVersion) onChange()
      return isKept
    },
    remove(name) {
      kept.remove(name)
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
    has: (name) => kept.get(name) !== undefined,
    stateOfGone: absences.stateOf,
  }
}

const tooMany = `is one class too many: the controller reads at most ${maxClasses} classes with ${maxCharacters} characters in a namespace; delete some`

/** The classes. Of those that there is no room for, only what they claim. */
function createKeptClasses() {
  const classes = new Map<string, SeenClass>()
  const counts = { kept: 0, characters: 0, tooMany: 0, claims: 0 }
  const count = ({ content }: SeenClass, sign: 1 | -1) => {
    if (content.kind === 'refused') {
      counts.claims += sign * content.claims.length
      if (content.sentence === tooMany) counts.tooMany += sign
    }
    if (content.kind !== 'kept') return
    counts.kept += sign
    counts.characters += sign * content.characters
  }
  const remove = (name: string) => {
    const before = classes.get(name)
    if (before !== undefined) count(before, -1)
    classes.delete(name)
  }
  const fits = ({ content }: SeenClass) =>
    content.kind !== 'kept' ||
    (counts.kept < maxClasses && counts.characters + content.characters <= maxCharacters)
  return {
    put(seen: SeenClass): boolean {
      remove(seen.name)
      const isKept = fits(seen)
      const isWhole = isKept && seen.content.kind !== 'refused'
      const stored = isWhole
        ? seen
        : { ...seen, content: reduce(seen.content, maxClaims - counts.claims) }
      classes.set(seen.name, stored)
      count(stored, 1)
      return isKept
    },
    remove,
    get: (name: string) => classes.get(name),
    all: () => [...classes.values()],
    /** Whether there was no room for one of the classes. */
    isCrowded: () => counts.tooMany > 0,
  }
}

/** Keeps only what a class claims, and of that only as many names as there is room for. */
function reduce(content: SeenClass['content'], room: number): SeenClass['content'] {
  if (content.kind !== 'kept' && content.kind !== 'refused') return content
  const [sentence, claims] =
    content.kind === 'kept'
      ? [tooMany, readClaims(content.secretObjects)]
      : [content.sentence, content.claims]
  return { kind: 'refused', sentence, claims: claims.slice(0, room) }
}

/** Longer than any Secret waits for its class to return. Older times would say no more than the time of the list does. */
const rememberedMs = 120_000

/** Remembers since when classes have been gone. */
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
    /** All classes are known. */
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
