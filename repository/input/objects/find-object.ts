import type { NamedObject } from './find-objects.ts'

type Identified = Pick<NamedObject, 'kind' | 'namespace' | 'name'>

/** Where the objects are in each list that something was looked up in, so that many look-ups take linear time. */
const indexes = new WeakMap<readonly Identified[], ReadonlyMap<string, number>>()

/** Gives a list the index of others with the same names in the same order. There may be thousands of such lists. */
export function shareIndex(
  objects: readonly Identified[],
  positions: ReadonlyMap<string, number>,
): void {
  indexes.set(objects, positions)
}

/** Finds an object by its names, among objects that have one each. */
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

/** The same text for objects of the same kind, namespace and name. */
export const keyOf = ({ kind, namespace, name }: Identified): string =>
  JSON.stringify([typeof kind === 'string' ? kind : '', namespace, name])
