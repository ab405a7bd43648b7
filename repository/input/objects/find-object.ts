import type { NamedObject } from './find-objects.ts'

type Identified = Pick<NamedObject, 'kind' | 'namespace' | 'name'>

/** For each list in which something was looked up: the index of each object, so that many look-ups take linear time. */
const indexes = new WeakMap<readonly Identified[], ReadonlyMap<string, number>>()

/**
 * Lets a list share the index of another list with the same names in the same order. There may be thousands of such
 * lists.
 */
export function shareIndex(
  objects: readonly Identified[],
  positions: ReadonlyMap<string, number>,
): void {
  indexes.set(objects, positions)
}

/** Finds an object by kind, namespace and name. The list must not have two objects with the same ones. */
export function findObject<T extends Identified>(
  objects: readonly T[],
  wanted: Identified,
): T | undefined {
  let index = indexes.get(objects)
  if (index === undefined) {
    index = new Map(objects.map((object, position) => [keyOf(object), position]))
    indexes.set(objects, index)
  }
  return objects[index.get(keyOf(wanted)) ?? -1]
}

/** Returns a text that identifies an object by kind, namespace and name. */
export const keyOf = ({ kind, namespace, name }: Identified): string =>
  JSON.stringify([typeof kind === 'string' ? kind : '', namespace, name])
