/** For whom work is done. In the webhook, both are texts from outside, and anybody can forge the namespace. */
export interface Caller {
  /** The remote address. Empty for work that nobody sent, such as that of the sync controller. */
  readonly address: string
  /** The namespace that a review names, or whose objects are read. Empty if there is none, or if it isn't known yet. */
  readonly namespace: string
}

/**
 * A queue in which the addresses take turns, and for each address its namespaces. A caller that adds many items delays its
 * own, and nobody else's. On AKS all reviews come from one or two addresses, so the namespace matters as well; a
 * forged one only moves an item within its sender's own address.
 */
export function createFairQueue<Item extends object>() {
  // Maps and sets iterate in the order of insertion, so the first one is the one whose turn it is.
  const addresses = new Map<string, Map<string, Set<Item>>>()
  let size = 0

  function push({ address, namespace }: Caller, item: Item): void {
    const namespaces = addresses.get(address) ?? new Map<string, Set<Item>>()
    const items = namespaces.get(namespace) ?? new Set<Item>()
    addresses.set(address, namespaces.set(namespace, items.add(item)))
    size++
  }

  /**
   * Removes the next item and returns it. Returns undefined if the queue is empty. What isn't accepted keeps its place.
   *
   * @param options - `hasRoom`: called for an address, before its namespaces are asked; `accepts`: called for the first item of
   *   a namespace
   */
  function shift({
    hasRoom = () => true,
    accepts = () => true,
  }: {
    readonly hasRoom?: (address: string) => boolean
    readonly accepts?: (item: Item) => boolean
  } = {}): Item | undefined {
    for (const [address, namespaces] of addresses) {
      if (!hasRoom(address)) continue
      for (const [namespace, items] of namespaces) {
        const [item] = items
        if (item === undefined || !accepts(item)) continue
        items.delete(item)
        moveToEnd(namespaces, namespace, items)
        moveToEnd(addresses, address, namespaces)
        size--
        return item
      }
    }
    return undefined
  }

  /** Removes an item of a caller, if it is in the queue. */
  function remove({ address, namespace }: Caller, item: Item): void {
    const namespaces = addresses.get(address)
    const items = namespaces?.get(namespace)
    if (namespaces === undefined || items?.delete(item) !== true) return
    size--
    if (items.size === 0) namespaces.delete(namespace)
    if (namespaces.size === 0) addresses.delete(address)
  }

  return {
    get size() {
      return size
    },
    push,
    shift,
    remove,
  }
}

/** Moves an entry to the end, or drops it if it is empty. */
function moveToEnd<Entry extends { readonly size: number }>(
  entries: Map<string, Entry>,
  key: string,
  entry: Entry,
): void {
  entries.delete(key)
  if (entry.size > 0) entries.set(key, entry)
}
