import { AkvError } from '../../lib/errors/akv-error.ts'
import type { SeenSource, SourceContent } from '../../requests/source/seen-source.ts'
import type { FairShares } from '../memory/fair-shares.ts'

/** How many objects of one kind are read in a namespace: whenever one changes, all of them are assigned again. */
const maxObjects = 500
/** How many objects may exist. Most of them are known by name only. */
const maxNames = 5000

/** What the objects of a namespace may hold of the memory that all namespaces share, by their names. */
export interface ObjectMemory {
  /** @returns false if there isn't enough room */
  hold(name: string, bytes: number): boolean
  release(name: string): void
  /** How many bytes the object could hold. */
  roomFor(name: string): number
}

/** An object with the account, the status and the Reports that belong to it. */
const objectBytes = 4096
/** An object that is known by name. */
const nameBytes = 512

export type KeptObjects<Seen extends SeenSource> = ReturnType<typeof createKeptObjects<Seen>>

/**
 * Keeps the objects of one kind in a namespace, as far as there is room. Of any others, it keeps only the names of their
 * Secrets, so these Secrets stay as they are.
 */
export function createKeptObjects<Seen extends SeenSource>(plural: string, memory: ObjectMemory) {
  const tooMany = `is one too many: the controller reads at most ${maxObjects} ${plural} in a namespace; delete some`
  const noRoom = `needs more memory than its namespace's share: the controller divides its memory among all namespaces; delete some ${plural}, make them smaller, or ask an administrator to give the controller more memory`
  const objects = new Map<string, Seen>()
  let kept = 0
  const forget = (name: string) => {
    if (objects.get(name)?.content.kind === 'kept') kept -= 1
    objects.delete(name)
  }
  /** Holds memory for the object, or for as much of it as there is room for. */
  function fitted(seen: Seen): Seen {
    const isOneTooMany = seen.content.kind === 'kept' && kept >= maxObjects
    if (!isOneTooMany && memory.hold(seen.name, bytesOf(seen))) return seen
    for (const content of reductionsOf(seen, isOneTooMany ? tooMany : noRoom)) {
      const named: Seen = { ...seen, content }
      if (memory.hold(seen.name, bytesOf(named))) return named
    }
    throw noRoomForNames(plural)
  }
  return {
    /** @returns false if there is no room for the object */
    put(seen: Seen): boolean {
      const { name } = seen
      if (objects.size >= maxNames && !objects.has(name)) throw tooManyNames(plural)
      forget(name)
      const stored = fitted(seen)
      objects.set(name, stored)
      if (stored.content.kind === 'kept') kept += 1
      return neededBytesOf(stored) === undefined
    },
    remove(name: string): void {
      forget(name)
      memory.release(name)
    },
    get: (name: string) => objects.get(name),
    all: () => [...objects.values()],
    /** Whether there is room now for one of the objects that there was none for. */
    hasRoom: () =>
      kept < maxObjects &&
      [...objects.values()].some((seen) => {
        const bytes = neededBytesOf(seen)
        return bytes !== undefined && bytes <= memory.roomFor(seen.name)
      }),
  }
}

/** How much memory an object takes at most, as it is kept. */
export function bytesOf({ content, ...seen }: SeenSource): number {
  const named = nameBytes + 2 * JSON.stringify(seen).length
  switch (content.kind) {
    case 'nothing':
      return named
    case 'refused':
      return named + claimBytes(content.claims)
    case 'kept':
      return objectBytes + named + claimBytes(content.claims) + content.bytes
    default:
      return content satisfies never
  }
}

/** A string of JavaScript takes this besides its characters. */
const stringBytes = 32
const claimBytes = (claims: readonly string[]): number =>
  claims.reduce((sum, { length }) => sum + 2 * length + stringBytes, 0)

const neededBytesOf = ({ content }: SeenSource): number | undefined =>
  content.kind === 'refused' ? content.neededBytes : undefined

/** If an object doesn't fit into its namespace's share, the first of these that fits is kept instead. */
function reductionsOf(seen: SeenSource, why: string): readonly SourceContent<never>[] {
  const { content } = seen
  if (content.kind === 'nothing') return []
  const neededBytes = bytesOf(seen)
  return [content.claims, []].map((claims) =>
    content.kind === 'refused'
      ? { ...content, claims }
      : { kind: 'refused', sentence: why, claims, neededBytes },
  )
}

/** The list fails, so all objects stay as they are known. None counts as gone, and no Secret is deleted. */
const tooManyNames = (plural: string): AkvError =>
  new AkvError(
    'AKV_SYNC_TOO_MANY',
    `found more than ${maxNames} ${plural}, so the controller sees no changes of them; delete some`,
  )

/** As above. */
const noRoomForNames = (plural: string): AkvError =>
  new AkvError(
    'AKV_SYNC_TOO_MANY',
    `the namespace's share of the controller's memory has no room even for the names of all ${plural}, so the controller sees no changes of them; delete some`,
  )

/** The memory that the objects of one kind in a namespace may hold. */
export function objectMemory(
  shares: FairShares,
  { namespace, plural }: { readonly namespace: string; readonly plural: string },
): ObjectMemory {
  const keyOf = (name: string) => `${plural}/${name}`
  return {
    hold: (name, bytes) => shares.hold(namespace, keyOf(name), bytes),
    release: (name) => shares.release(namespace, keyOf(name)),
    roomFor: (name) => shares.roomFor(namespace, keyOf(name)),
  }
}
