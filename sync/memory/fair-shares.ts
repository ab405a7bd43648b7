interface Holder {
  readonly bytes: Map<string, number>
  total: number
}

/**
 * Shares a number of bytes fairly among all namespaces. Nobody loses what they hold because somebody else wants more.
 *
 * One half is divided equally, so each namespace always gets its part of it. The other half is lent to those who need more: a
 * namespace may hold at most as much of it as is then still free. A namespace that needs a lot therefore gets a quarter of
 * all bytes if the others need little, and there is always something left for the next one.
 */
export class FairShares {
  readonly #holders = new Map<string, Holder>()
  /** Half of all bytes are lent, and the other half is divided. */
  readonly #halfBytes: number
  #ownBytes: number
  #lent = 0

  /** @param options - `namespaces`: how many share the bytes at first */
  constructor({
    maxBytes,
    namespaces,
  }: { readonly maxBytes: number; readonly namespaces: number }) {
    this.#halfBytes = maxBytes / 2
    this.#ownBytes = this.#ownBytesOf(namespaces)
  }

  /** How many bytes a namespace could hold for a key, with those that it holds already. */
  roomFor(namespace: string, key: string): number {
    const { total = 0, bytes } = this.#holders.get(namespace) ?? {}
    const lentToOthers = this.#lent - this.#lentTo(total)
    const others = total - (bytes?.get(key) ?? 0)
    return Math.max(0, this.#ownBytes + (this.#halfBytes - lentToOthers) / 2 - others)
  }

  /**
   * Sets how many bytes a namespace holds for a key. Holding less than before is always possible.
   *
   * @returns false if there isn't enough room. The key then holds what it held before
   */
  hold(namespace: string, key: string, bytes: number): boolean {
    const before = this.#holders.get(namespace)?.bytes.get(key) ?? 0
    if (bytes > before && bytes > this.roomFor(namespace, key)) return false
    this.#set(namespace, key, bytes)
    return true
  }

  release(namespace: string, key: string): void {
    this.#set(namespace, key, 0)
  }

  /** Releases everything that a namespace holds. */
  releaseAll(namespace: string): void {
    this.#lent -= this.#lentTo(this.#holders.get(namespace)?.total ?? 0)
    this.#holders.delete(namespace)
  }

  /** Divides the bytes among another number of namespaces. Who holds more than there is room for then keeps it. */
  divide(count: number): void {
    const own = this.#ownBytesOf(count)
    if (own === this.#ownBytes) return
    this.#ownBytes = own
    this.#lent = [...this.#holders.values()].reduce(
      (sum, { total }) => sum + this.#lentTo(total),
      0,
    )
  }

  #set(namespace: string, key: string, bytes: number): void {
    const holder = this.#holders.get(namespace) ?? { bytes: new Map(), total: 0 }
    const total = holder.total - (holder.bytes.get(key) ?? 0) + bytes
    this.#lent += this.#lentTo(total) - this.#lentTo(holder.total)
    holder.total = total
    if (bytes > 0) holder.bytes.set(key, bytes)
    else holder.bytes.delete(key)
    if (holder.bytes.size > 0) this.#holders.set(namespace, holder)
    else this.#holders.delete(namespace)
  }

  #ownBytesOf(count: number): number {
    return this.#halfBytes / Math.max(1, count)
  }

  #lentTo(total: number): number {
    return Math.max(0, total - this.#ownBytes)
  }
}
