import type { Clock } from '../../../lib/clock.ts'

interface Running {
  readonly namespace: string
  readonly beganAtMs: number
}

/** How long a roll-out that doesn't end keeps others waiting. */
const slotMs = 10 * 60_000
/** Who hasn't asked again for so long doesn't wait any more. */
const waitsMs = 60_000

/**
 * Bounds how many workloads of the cluster roll out at the same time. Of the namespaces that wait, the one with the fewest
 * roll-outs comes first, so nobody can keep the others waiting by changing many objects.
 */
export class RolloutSlots {
  readonly #concurrent: number
  readonly #clock: Pick<Clock, 'now'>
  /** By UID of the workload. */
  readonly #running = new Map<string, Running>()
  readonly #waiting = new Map<string, number>()

  constructor({
    concurrent,
    clock,
  }: { readonly concurrent: number; readonly clock: Pick<Clock, 'now'> }) {
    this.#concurrent = concurrent
    this.#clock = clock
  }

  /** Takes a slot for a workload. False if there is none for its namespace now. */
  take(uid: string, namespace: string): boolean {
    const nowMs = this.#clock.now()
    const own = this.#countOf(namespace)
    const isFree = this.#taken(nowMs) < this.#concurrent && own < this.#concurrent
    if (!isFree || this.#isAfterOthers(namespace, own)) {
      this.#waiting.set(namespace, nowMs)
      return false
    }
    this.#waiting.delete(namespace)
    this.#running.set(uid, { namespace, beganAtMs: nowMs })
    return true
  }

  /** The roll-out has ended, or didn't begin. */
  free(uid: string): void {
    this.#running.delete(uid)
  }

  /**
   * Takes a slot for a roll-out that was begun before the controller started. A namespace gets no more of them than it can have
   * begun, because whoever may annotate an account can make up its record.
   */
  adopt(uid: string, namespace: string): void {
    if (this.#countOf(namespace) < this.#concurrent)
      this.#running.set(uid, { namespace, beganAtMs: this.#clock.now() })
  }

  running(): number {
    return this.#running.size
  }

  #taken(nowMs: number): number {
    return [...this.#running.values()].filter(({ beganAtMs }) => nowMs - beganAtMs < slotMs).length
  }

  /** With those that don't end: they keep no other namespace waiting, but their own. */
  #countOf(namespace: string): number {
    return [...this.#running.values()].filter((one) => one.namespace === namespace).length
  }

  #isAfterOthers(namespace: string, own: number): boolean {
    const nowMs = this.#clock.now()
    for (const [name, askedMs] of this.#waiting)
      if (nowMs - askedMs > waitsMs) this.#waiting.delete(name)
      else if (name !== namespace && this.#countOf(name) < own) return true
    return false
  }
}
