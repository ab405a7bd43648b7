import type { Clock } from '../../lib/clock.ts'
import type { SourceState } from '../round/settle/decide-fates.ts'
import type { SeenClass } from '../source/seen-class.ts'

/**
 * What is kept of the classes of one namespace: anybody who may create them there could otherwise fill the memory of the
 * controller, and reading them takes its time.
 */
export const maxClasses = 500
export const maxCharacters = 1024 * 1024

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

/** @param onChange - called after each change */
export function createClassStore(options: {
  readonly clock: Pick<Clock, 'now'>
  readonly onChange: () => void
}): ClassStore {
  const { clock, onChange } = options
  const classes = new Map<string, SeenClass>()
  const goneAtMs = new Map<string, number>()
  let listedAtMs: number | undefined
  let isSettled = false
  let kept = 0
  let characters = 0
  let wasCrowded = false
  let hasRoom = false

  const count = ({ content }: SeenClass, sign: 1 | -1) => {
    if (content.kind !== 'kept') return
    kept += sign
    characters += sign * content.characters
  }
  const drop = (name: string) => {
    const before = classes.get(name)
    if (before !== undefined) count(before, -1)
    classes.delete(name)
  }
  const settle = () => {
    isSettled = true
    onChange()
  }
  return {
    put(seen) {
      const before = classes.get(seen.name)
      drop(seen.name)
      goneAtMs.delete(seen.name)
      const { content } = seen
      const isKept =
        content.kind !== 'kept' ||
        (kept < maxClasses && characters + content.characters <= maxCharacters)
      const stored = isKept ? seen : { ...seen, content: tooMany }
      classes.set(seen.name, stored)
      count(stored, 1)
      if (!isKept) wasCrowded = true
      if (before?.resourceVersion !== seen.resourceVersion) onChange()
      return isKept
    },
    remove(name) {
      drop(name)
      const nowMs = clock.now()
      // Only the last minute counts. Older entries would say no more than the time of the list does.
      for (const [other, atMs] of goneAtMs) if (nowMs - atMs > 120_000) goneAtMs.delete(other)
      goneAtMs.set(name, nowMs)
      hasRoom = wasCrowded
      onChange()
    },
    listed() {
      listedAtMs ??= clock.now()
      wasCrowded &&= [...classes.values()].some(({ content }) => content === tooMany)
      hasRoom = false
      settle()
    },
    absent() {
      listedAtMs = clock.now()
      settle()
    },
    failed() {
      if (!isSettled) settle()
    },
    isSettled: () => isSettled,
    hasRoom: () => hasRoom,
    all: () => [...classes.values()],
    has: (name) => classes.has(name),
    stateOfGone: (name) =>
      listedAtMs === undefined
        ? { kind: 'unknown' }
        : { kind: 'gone', sinceMs: goneAtMs.get(name) ?? listedAtMs },
  }
}

const tooMany: SeenClass['content'] = {
  kind: 'refused',
  sentence: `is one class too many: the controller reads at most ${maxClasses} classes with ${maxCharacters} characters in a namespace; delete some`,
}
