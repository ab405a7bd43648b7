/**
 * Creates a binary heap: items, of which the first in order is always known. Adding and removing take time that grows with the
 * logarithm of the number of items. Unlike those of the small libraries, it can also remove an item that isn't the first.
 *
 * @param isBefore - orders the items, whose order must not change while they are in the heap
 */
export function createHeap<T>(isBefore: (a: T, b: T) => boolean) {
  /** The children of the item at `i` are at `2 * i + 1` and `2 * i + 2`, and none of them is before it. */
  const items: T[] = []
  const indexes = new Map<T, number>()

  function put(item: T, index: number): void {
    items[index] = item
    indexes.set(item, index)
  }

  function firstChildOf(index: number): number {
    const left = 2 * index + 1
    const right = left + 1
    return right < items.length && isBefore(items[right] as T, items[left] as T) ? right : left
  }

  /** Finds the position of an item, from a free one on: up while the parent comes later, then down while a child comes earlier. */
  function settle(item: T, freeIndex: number): void {
    let index = freeIndex
    for (let parent = (index - 1) >> 1; index > 0; parent = (index - 1) >> 1) {
      if (!isBefore(item, items[parent] as T)) break
      put(items[parent] as T, index)
      index = parent
    }
    for (let child = firstChildOf(index); child < items.length; child = firstChildOf(index)) {
      if (!isBefore(items[child] as T, item)) break
      put(items[child] as T, index)
      index = child
    }
    put(item, index)
  }

  return {
    first: () => items[0],
    /** Adds an item that isn't in the heap yet. */
    add: (item: T) => settle(item, items.length),
    /** Removes any item. Does nothing if it isn't in the heap. */
    remove(item: T): void {
      const index = indexes.get(item)
      if (index === undefined) return
      indexes.delete(item)
      const last = items.pop() as T
      if (last !== item) settle(last, index)
    },
  }
}
