import { isDeepStrictEqual } from 'node:util'
import { isObject, objectAt } from '../../lib/shape.ts'

/**
 * Finds for each item of a new list the item of the old one that it comes from. In lists of the same length, items with
 * the same index belong together. Otherwise, items at the beginning and at the end that are equal belong together, and
 * of the others those with the same `name`, and objects of the same kind, namespace and name. The order of both lists
 * is kept.
 *
 * @returns the index in the old list, or undefined if the item is new
 */
export function matchItems(
  before: readonly unknown[],
  after: readonly unknown[],
): readonly (number | undefined)[] {
  if (before.length === after.length) return after.map((_item, index) => index)
  const common = Math.min(before.length, after.length)
  let head = 0
  while (head < common && isDeepStrictEqual(before[head], after[head])) head++
  let tail = 0
  while (tail < common - head && isDeepStrictEqual(before.at(-1 - tail), after.at(-1 - tail)))
    tail++
  const shift = before.length - after.length
  const indexes = indexesOf(before.slice(head, before.length - tail))
  let next = 0
  return after.map((item, index) => {
    if (index < head) return index
    if (index >= after.length - tail) return index + shift
    const candidates = indexes.get(keyOf(item)) ?? []
    // Indexes before the next one can't be used any more.
    while ((candidates.at(-1) ?? next) < next) candidates.pop()
    const found = candidates.pop()
    if (found === undefined) return undefined
    next = found + 1
    return head + found
  })
}

/** The indexes of the items by key, the highest first. */
const indexesOf = (items: readonly unknown[]): ReadonlyMap<string, number[]> =>
  Map.groupBy([...items.keys()].toReversed(), (index) => keyOf(items[index]))

/**
 * Returns a key to match items by: the name, or for a Kubernetes object in a List, its kind, namespace and name. An
 * item without a name matches no other.
 */
function keyOf(item: unknown): string {
  if (!isObject(item)) return `value ${JSON.stringify(item)}`
  const { name, namespace } = objectAt(item, 'metadata')
  if (typeof item['name'] === 'string') return `name ${item['name']}`
  return typeof name === 'string'
    ? `object ${JSON.stringify([item['kind'], namespace, name])}`
    : `value ${JSON.stringify(item)}`
}
