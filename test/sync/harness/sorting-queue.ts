import type { NextRun, Outlook } from '../../../sync/queue/next-run.ts'

interface Due {
  readonly atMs: number
  readonly outlook: Outlook
}

export interface SortingQueueOptions {
  readonly sideBySide: number
  readonly restMs: number
  readonly now: () => number
  /** Called for each key that begins to run. */
  readonly onBegin: (key: string) => void
}

const outlooks: readonly Outlook[] = ['failing', 'unknown', 'good']
const shares = { failing: 0.5, unknown: 0.75, good: 1 }

/** The rules of the work queue, written down as plainly as possible: it sorts all keys at each step. */
export function createSortingQueue({ sideBySide, restMs, now, onBegin }: SortingQueueOptions) {
  const dues = new Map<string, Due>()
  const running = new Map<string, Outlook>()
  const restEnds = new Map<string, number>()
  const rank = (outlook: Outlook) => outlooks.indexOf(outlook)

  function set(key: string, { atMs, outlook }: Due): void {
    const restEndMs = restEnds.get(key) ?? 0
    dues.set(key, { atMs: restEndMs > now() ? Math.max(atMs, restEndMs) : atMs, outlook })
  }

  function hasPlace(outlook: Outlook): boolean {
    const others = [...running.values()].filter((other) => rank(other) <= rank(outlook))
    return running.size < sideBySide && others.length < sideBySide * shares[outlook]
  }

  /** Begins what is due. Call it whenever time has passed. */
  function begin(): void {
    const sorted = [...dues].sort(([, a], [, b]) => a.atMs - b.atMs)
    for (const [key, { atMs, outlook }] of sorted) {
      if (running.has(key) || atMs > now() || !hasPlace(outlook)) continue
      dues.delete(key)
      running.set(key, outlook)
      onBegin(key)
    }
  }

  function add(key: string, { afterMs, outlook }: NextRun): void {
    const before = dues.get(key)
    const isBetter = before !== undefined && rank(before.outlook) > rank(outlook)
    const atMs = Math.min(now() + afterMs, before?.atMs ?? Number.POSITIVE_INFINITY)
    set(key, { atMs, outlook: isBetter ? before.outlook : outlook })
    begin()
  }

  return {
    begin,
    add,
    drop: (key: string) => void dues.delete(key),
    depth: () => [...dues].filter(([key, { atMs }]) => !running.has(key) && atMs <= now()).length,
    end(key: string, next: NextRun | undefined): void {
      running.delete(key)
      restEnds.set(key, now() + restMs)
      const added = dues.get(key)
      if (added) set(key, added)
      if (next) add(key, next)
      else begin()
    },
  }
}
