import type { Caller } from '../../lib/fair/fair-queue.ts'

/**
 * A queue for work whose cost is known only afterwards. Of the addresses that wait, the one that has taken the least time is
 * next, and likewise of its namespaces (start-time fair queueing). If callers only took turns, as in a fair queue, each piece of
 * cheap work would wait for a piece of everybody's expensive work. Here it waits for that only if all have taken the same.
 *
 * A caller that is new, or comes back after a pause, counts as having taken as much as the one that was served last, so a
 * pause earns nothing. A forged namespace only changes the order within its sender's address.
 */
export class TimedQueue<Item extends object> {
  readonly #all = new Share<Item>()

  get size(): number {
    return this.#all.size
  }

  push({ address, namespace }: Caller, item: Item): void {
    this.#all.push([address, namespace], item)
  }

  /** Removes the next item and returns it. Returns undefined if the queue is empty. */
  shift(): Item | undefined {
    return this.#all.size === 0 ? undefined : this.#all.shift()
  }

  /** Counts what work of a caller has taken, whether it had to wait or not. */
  charge({ address, namespace }: Caller, ms: number): void {
    this.#all.charge([address, namespace], Math.max(ms, leastMs))
  }
}

/** What all callers, an address or a namespace have waiting and have taken. A path leads to one of its parts. */
class Share<Item extends object> {
  size = 0
  takenMs = 0
  /** What the last part that was served had taken by then. */
  #servedMs = 0
  readonly #parts = new Map<string, Share<Item>>()
  #items = new Set<Item>()

  push([key, ...path]: readonly string[], item: Item): void {
    this.size++
    if (key === undefined) this.#items.add(item)
    else this.#part(key).push(path, item)
  }

  shift(): Item | undefined {
    this.size--
    const part = this.#next()
    if (part !== undefined) return part.shift()
    const [item] = this.#items
    if (item !== undefined) this.#items.delete(item)
    // A set that lives long grows new tables, and its old ones keep what has been served in memory until a whole collection.
    if (this.#items.size === 0) this.#items = new Set()
    return item
  }

  charge([key, ...path]: readonly string[], ms: number): void {
    if (key === undefined) return
    const part = this.#part(key)
    this.#servedMs = this.#countedMs(part)
    part.takenMs = this.#servedMs + ms
    part.charge(path, ms)
    if (this.#parts.size > mostParts) this.#forget()
  }

  #part(key: string): Share<Item> {
    const part = this.#parts.get(key) ?? new Share<Item>()
    this.#parts.set(key, part)
    return part
  }

  #countedMs({ takenMs }: Share<Item>): number {
    return Math.max(takenMs, this.#servedMs)
  }

  /** The one that has waited longest, if several have taken as little. */
  #next(): Share<Item> | undefined {
    let next: Share<Item> | undefined
    for (const part of this.#parts.values())
      if (part.size > 0 && (next === undefined || this.#countedMs(part) < this.#countedMs(next)))
        next = part
    return next
  }

  /** Whoever has taken no more than a new caller counts as one. If that is not enough, all that don't wait do. */
  #forget(): void {
    for (const [key, part] of this.#parts)
      if (part.size === 0 && part.takenMs <= this.#servedMs) this.#parts.delete(key)
    if (this.#parts.size > mostParts)
      for (const [key, part] of this.#parts) if (part.size === 0) this.#parts.delete(key)
  }
}

/** How many addresses are remembered, and how many namespaces of each. Anybody can forge namespaces. */
const mostParts = 200
/** Work that took no time by the clock still counts, so that no caller of it is served forever. */
const leastMs = 0.01
