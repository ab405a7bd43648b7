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

type Groups = ReadonlyMap<string, readonly number[]>

/** For each index: the positions of the objects of each kind and name, and of each kind and namespace. */
const groups = {
  namespace: new WeakMap<ReadonlyMap<string, number>, Groups>(),
  name: new WeakMap<ReadonlyMap<string, number>, Groups>(),
}

/** Finds the objects of a kind and name in all namespaces. */
export const findNamesakes = <T extends Identified>(
  objects: readonly T[],
  wanted: Pick<Identified, 'kind' | 'name'>,
): readonly T[] => findAll(objects, { ...wanted, namespace: '' }, 'namespace')

/** Finds the objects of a kind in a namespace. */
export const findNeighbours = <T extends Identified>(
  objects: readonly T[],
  wanted: Pick<Identified, 'kind' | 'namespace'>,
): readonly T[] => findAll(objects, { ...wanted, name: '' }, 'name')

/** Finds the objects that differ in one member only. The lists that share an index share its groups, too. */
function findAll<T extends Identified>(
  objects: readonly T[],
  wanted: Identified,
  open: keyof typeof groups,
): readonly T[] {
  const index = indexOf(objects)
  const known = groups[open].get(index) ?? groupWithout(open, objects, index)
  groups[open].set(index, known)
  const positions = known.get(keyOf({ ...wanted, [open]: '' })) ?? []
  return positions.flatMap((position) => objects[position] ?? [])
}

const groupWithout = (
  open: keyof typeof groups,
  objects: readonly Identified[],
  index: ReadonlyMap<string, number>,
): Groups =>
  Map.groupBy(index.values(), (position) =>
    keyOf({ kind: '', name: '', namespace: '', ...objects[position], [open]: '' }),
  )

/** Returns a text that identifies an object by kind, namespace and name. */
export const keyOf = ({ kind, namespace, name }: Identified): string =>
  JSON.stringify([typeof kind === 'string' ? kind : '', namespace, name])
