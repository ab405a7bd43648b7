import type { Clock } from '../../lib/clock.ts'
import { createFairQueue } from '../../lib/fair/fair-queue.ts'
import { createHeap } from './heap.ts'
import { type NextRun, type Outlook, outlooks } from './next-run.ts'

export interface Due {
  readonly key: string
  readonly namespace: string
  readonly atMs: number
  readonly outlook: Outlook
  /** Keys that are due at the same time run in the order in which they were added. */
  readonly order: number
}

/** Which keys may run now. */
interface Room {
  /** Whether any key of this outlook may. If not, thousands of namespaces needn't be asked. */
  hasRoom(outlook: Outlook): boolean
  mayTake(due: Due): boolean
}

interface DueKeysOptions {
  readonly clock: Pick<Clock, 'now'>
  readonly namespaceOf: (key: string) => string
  /** The minimum pause after a run. */
  readonly restMs: number
  readonly isRunning: (key: string) => boolean
}

/** When each key is due, which is never before its rest has ended. The outlooks take turns, and for each its namespaces. */
export class DueKeys {
  readonly #options: DueKeysOptions
  readonly #dues = new Map<string, Due>()
  readonly #waiting: ReturnType<typeof createWaitingKeys>
  readonly #rests: ReturnType<typeof createRests>
  #added = 0

  constructor(options: DueKeysOptions) {
    this.#options = options
    this.#waiting = createWaitingKeys(options.clock)
    this.#rests = createRests(options.restMs)
  }

  drop(key: string): void {
    const due = this.#dues.get(key)
    if (due === undefined) return
    this.#dues.delete(key)
    this.#waiting.remove(due)
  }

  /** Removes the next key that is due and may run, and returns it. */
  take(room: Room): Due | undefined {
    const due = this.#waiting.take(room)
    if (due !== undefined) this.#dues.delete(due.key)
    return due
  }

  /** When the next key becomes due. */
  nextAtMs(): number | undefined {
    return this.#waiting.nextAtMs()
  }

  add(key: string, next: NextRun): void {
    const { clock, namespaceOf } = this.#options
    const before = this.#dues.get(key)
    const atMs = Math.min(clock.now() + next.afterMs, before?.atMs ?? Number.POSITIVE_INFINITY)
    const outlook = better(next.outlook, before?.outlook)
    const order = before?.order ?? ++this.#added
    // Otherwise, it keeps its turn among the keys of its namespace.
    if (atMs !== before?.atMs || outlook !== before.outlook)
      this.#set({ key, namespace: namespaceOf(key), atMs, outlook, order })
  }

  /** Begins the rest of a key that has run. If the key was added while it ran, it becomes due after the rest. */
  rest(key: string): void {
    this.#rests.begin(key, this.#options.clock.now())
    const added = this.#dues.get(key)
    if (added) this.#set(added)
  }

  /** How many keys are due and aren't running. */
  depth(): number {
    const { clock, isRunning } = this.#options
    const nowMs = clock.now()
    let count = 0
    for (const { key, atMs } of this.#dues.values())
      if (atMs <= nowMs && !isRunning(key)) count += 1
    return count
  }

  #set({ atMs, ...others }: Due): void {
    const due = { ...others, atMs: Math.max(atMs, this.#rests.endOf(others.key)) }
    this.drop(due.key)
    this.#dues.set(due.key, due)
    if (!this.#options.isRunning(due.key)) this.#waiting.add(due)
  }
}

/** The keys that aren't running. */
function createWaitingKeys(clock: Pick<Clock, 'now'>) {
  const later = createHeap<Due>(isEarlier)
  const due = createFairQueue<Due>()
  const callerOf = ({ outlook, namespace }: Due) => ({ address: outlook, namespace })
  return {
    add: later.add,
    remove(removed: Due): void {
      later.remove(removed)
      due.remove(callerOf(removed), removed)
    },
    take({ hasRoom, mayTake }: Room): Due | undefined {
      const nowMs = clock.now()
      for (let next = later.first(); next && next.atMs <= nowMs; next = later.first()) {
        later.remove(next)
        due.push(callerOf(next), next)
      }
      // The address of a caller is its outlook.
      return due.shift({ hasRoom: (outlook) => hasRoom(outlook as Outlook), accepts: mayTake })
    },
    nextAtMs: (): number | undefined => later.first()?.atMs,
  }
}

const isEarlier = (a: Due, b: Due): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

/** If a key is added again with another outlook, the better one counts. */
const better = (a: Outlook, b: Outlook = a): Outlook =>
  outlooks.indexOf(a) < outlooks.indexOf(b) ? b : a

/** Until when each key rests. Dropping a key and adding it again doesn't shorten its rest. */
function createRests(restMs: number) {
  const ends = new Map<string, number>()
  return {
    endOf: (key: string): number => ends.get(key) ?? 0,
    begin(key: string, nowMs: number): void {
      ends.delete(key)
      ends.set(key, nowMs + restMs)
      // The map is in the order in which the rests began, so it is also in the order in which they end.
      for (const [other, endMs] of ends) {
        if (endMs > nowMs) break
        ends.delete(other)
      }
    },
  }
}
