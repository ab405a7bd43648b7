import { AkvError } from '../../lib/errors/akv-error.ts'
import type { SeenSource, SourceContent } from '../source/seen-source.ts'

/**
 * The bounds for the objects of one kind in a namespace. Without them, anyone who may create such objects could fill the
 * controller's memory and keep it busy with reading them.
 */
export const maxObjects = 500
export const maxCharacters = 1024 * 1024
/** How many names of Secrets are kept for objects that are not kept themselves. */
export const maxClaims = 2000
/** How many objects may exist. Most of them are known by name only. */
export const maxNames = 5000

/** Keeps the objects of one kind, within these bounds. Of any others, it keeps only the names of their Secrets. */
export function createKeptObjects<Seen extends SeenSource>(plural: string) {
  const tooMany = `is one too many: the controller reads at most ${maxObjects} ${plural} with ${maxCharacters} characters in a namespace; delete some`
  const objects = new Map<string, Seen>()
  const counts = { kept: 0, characters: 0, tooMany: 0, claims: 0 }
  const isTooMany = ({ content }: SeenSource) =>
    content.kind === 'refused' && content.sentence === tooMany
  const count = (seen: SeenSource, sign: 1 | -1) => {
    const { content } = seen
    if (isTooMany(seen)) counts.tooMany += sign
    if (content.kind === 'refused') counts.claims += sign * content.claims.length
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
    /** @returns false if there is no room for the object */
    put(seen: Seen): boolean {
      if (objects.size >= maxNames && !objects.has(seen.name)) throw tooManyNames(plural)
      remove(seen.name)
      const isKept = fits(seen) && !isTooMany(seen)
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

/** Keeps only the names of an object's Secrets, as many as there is room for. */
function reduce(
  content: SourceContent,
  { tooMany, room }: { readonly tooMany: string; readonly room: number },
): SourceContent {
  if (content.kind === 'nothing') return content
  const sentence = content.kind === 'kept' ? tooMany : content.sentence
  return { kind: 'refused', sentence, claims: content.claims.slice(0, room) }
}

/** The list fails, so all objects stay as they are known. None counts as gone, and no Secret is deleted. */
const tooManyNames = (plural: string): AkvError =>
  new AkvError({
    code: 'AKV_SYNC_SOURCE',
    message: `found more than ${maxNames} ${plural}, so the controller sees no changes of them; delete some`,
  })
