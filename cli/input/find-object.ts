import type { NamedObject } from './find-objects.ts'

type Identified = Pick<NamedObject, 'kind' | 'namespace' | 'name'>

/** The index of each list of objects that something was looked up in, so that many look-ups take linear time. */
const indexes = new WeakMap<readonly Identified[], ReadonlyMap<string, Identified>>()

/** Finds an object by its names, among objects that have one each. */
export function findObject<T extends Identified>(
  objects: readonly T[],
  wanted: Identified,
): T | undefined {
  let index = indexes.get(objects)
  if (index === undefined) {
    index = new Map(objects.map((object) => [keyOf(object), object]))
    indexes.set(objects, index)
  }
  return index.get(keyOf(wanted)) as T | undefined
}

/** The same text for objects of the same kind, namespace and name. */
export const keyOf = ({ kind, namespace, name }: Identified): string =>
  JSON.stringify([typeof kind === 'string' ? kind : '', namespace, name])
