import type { FairShares } from '../memory/fair-shares.ts'
import type { ObjectMemory } from './kept-objects.ts'

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
