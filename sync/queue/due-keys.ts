import type { Clock } from '../../lib/clock.ts'
import { createHeap, type Heap } from '../../lib/heap.ts'
import { type NextRun, type Outlook, outlooks } from './next-run.ts'

interface Due {
  readonly key: string
  readonly atMs: number
  readonly outlook: Outlook
  /** Keys that are due at the same time run in the order in which they were added. */
  readonly order: number
}

/** When each key is due, which is never before its rest has ended. */
export function createDueKeys({
  clock,
  restMs,
  isRunning,
}: {
  readonly clock: Pick<Clock, 'now'>
  /** The minimum pause after a run. */
  readonly restMs: number
  readonly isRunning: (key: string) => boolean
}) {
  const dues = new Map<string, Due>()
  const waiting = createWaitingKeys()
  const rests = createRests(restMs)
  let added = 0
  function drop(key: string): void {
    const due = dues.get(key)
    if (due === undefined) return
    dues.delete(key)
    waiting.remove(due)
  }
  function set({ atMs, ...others }: Due): void {
    const due = { ...others, atMs: Math.max(atMs, rests.endOf(others.key)) }
    drop(due.key)
    dues.set(due.key, due)
    if (!isRunning(due.key)) waiting.add(due)
  }
  return {
    drop,
    /** The first key of these outlooks that isn't running. It may not be due yet. */
    first: waiting.first,
    add(key: string, { afterMs, outlook }: NextRun): void {
      const before = dues.get(key)
      const atMs = Math.min(clock.now() + afterMs, before?.atMs ?? Number.POSITIVE_INFINITY)
      const order = before?.order ?? ++added
      set({ key, atMs, outlook: better(outlook, before?.outlook), order })
    },
    /** Begins the rest of a key that has run. If the key was added while it ran, it becomes due after the rest. */
    rest(key: string): void {
      rests.begin(key, clock.now())
      const added = dues.get(key)
      if (added) set(added)
    },
    /** How many keys are due and aren't running. */
    depth(): number {
      const nowMs = clock.now()
      let count = 0
      for (const { key, atMs } of dues.values()) if (atMs <= nowMs && !isRunning(key)) count += 1
      return count
    },
  }
}

/** The keys that aren't running. */
function createWaitingKeys() {
  const heaps: Readonly<Record<Outlook, Heap<Due>>> = {
    failing: createHeap(isEarlier),
    unknown: createHeap(isEarlier),
    good: createHeap(isEarlier),
  }
  return {
    add: (due: Due) => heaps[due.outlook].add(due),
    remove: (due: Due) => heaps[due.outlook].remove(due),
    first: (among: readonly Outlook[]): Due | undefined =>
      among
        .flatMap((outlook) => heaps[outlook].first() ?? [])
        .reduce<Due | undefined>((a, b) => (a && isEarlier(a, b) ? a : b), undefined),
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
