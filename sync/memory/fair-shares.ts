interface Holder {
  readonly bytes: Map<string, number>
  total: number
}

export type FairShares = ReturnType<typeof createFairShares>

/**
 * Shares a number of bytes fairly among all namespaces. Nobody loses what they hold because somebody else wants more.
 *
 * One half is divided equally, so each namespace always gets its part of it. The other half is lent to those who need more: a
 * namespace may hold at most as much of it as is then still free. A namespace that needs a lot therefore gets a quarter of
 * all bytes if the others need little, and there is always something left for the next one.
 */
export function createFairShares({
  maxBytes,
  namespaces,
}: {
  readonly maxBytes: number
  /** How many namespaces share the bytes at first. */
  readonly namespaces: number
}) {
  const lendable = maxBytes / 2
  const ownBytesOf = (count: number) => (maxBytes - lendable) / Math.max(1, count)
  let ownBytes = ownBytesOf(namespaces)
  const holders = new Map<string, Holder>()
  let lent = 0
  const lentTo = (total: number) => Math.max(0, total - ownBytes)

  function set(namespace: string, key: string, bytes: number): void {
    const holder = holders.get(namespace) ?? { bytes: new Map(), total: 0 }
    const total = holder.total - (holder.bytes.get(key) ?? 0) + bytes
    lent += lentTo(total) - lentTo(holder.total)
    holder.total = total
    if (bytes > 0) holder.bytes.set(key, bytes)
    else holder.bytes.delete(key)
    if (holder.bytes.size > 0) holders.set(namespace, holder)
    else holders.delete(namespace)
  }

  /** How many bytes a namespace could hold for a key, with those that it holds already. */
  function roomFor(namespace: string, key: string): number {
    const { total = 0, bytes } = holders.get(namespace) ?? {}
    const lentToOthers = lent - lentTo(total)
    const others = total - (bytes?.get(key) ?? 0)
    return Math.max(0, ownBytes + (lendable - lentToOthers) / 2 - others)
  }

  return {
    roomFor,
    /**
     * Sets how many bytes a namespace holds for a key. Holding less than before is always possible.
     *
     * @returns false if there isn't enough room. The key then holds what it held before
     */
    hold(namespace: string, key: string, bytes: number): boolean {
      const before = holders.get(namespace)?.bytes.get(key) ?? 0
      if (bytes > before && bytes > roomFor(namespace, key)) return false
      set(namespace, key, bytes)
      return true
    },
    release: (namespace: string, key: string) => set(namespace, key, 0),
    /** Releases everything that a namespace holds. */
    releaseAll(namespace: string): void {
      lent -= lentTo(holders.get(namespace)?.total ?? 0)
      holders.delete(namespace)
    },
    /** Divides the bytes among another number of namespaces. Who holds more than there is room for then keeps it. */
    divide(count: number): void {
      const own = ownBytesOf(count)
      if (own === ownBytes) return
      ownBytes = own
      lent = [...holders.values()].reduce((sum, { total }) => sum + lentTo(total), 0)
    },
  }
}
