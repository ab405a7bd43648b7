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
export const findObject = <T extends Identified>(
  objects: readonly T[],
  wanted: Identified,
): T | undefined => objects[indexOf(objects).get(keyOf(wanted)) ?? -1]

function indexOf(objects: readonly Identified[]): ReadonlyMap<string, number> {
  const known = indexes.get(objects)
  if (known !== undefined) return known
  const index = new Map(objects.map((object, position) => [keyOf(object), position]))
  indexes.set(objects, index)
  return index
}

/** For each index: the positions of the objects of each kind and name, in whichever namespace. */
const namesakes = new WeakMap<ReadonlyMap<string, number>, ReadonlyMap<string, readonly number[]>>()

/** Finds the objects of a kind and name in all namespaces. The lists that share an index share this, too. */
export function findNamesakes<T extends Identified>(
  objects: readonly T[],
  wanted: Pick<Identified, 'kind' | 'name'>,
): readonly T[] {
  const index = indexOf(objects)
  const positions = namesakes.get(index) ?? groupNames(objects, index)
  namesakes.set(index, positions)
  const key = keyOf({ ...wanted, namespace: '' })
  return (positions.get(key) ?? []).flatMap((position) => objects[position] ?? [])
}

const groupNames = (
  objects: readonly Identified[],
  index: ReadonlyMap<string, number>,
): ReadonlyMap<string, readonly number[]> =>
  Map.groupBy(index.values(), (position) =>
    keyOf({ kind: '', name: '', ...objects[position], namespace: '' }),
  )

/** Returns a text that identifies an object by kind, namespace and name. */
export const keyOf = ({ kind, namespace, name }: Identified): string =>
  JSON.stringify([typeof kind === 'string' ? kind : '', namespace, name])
