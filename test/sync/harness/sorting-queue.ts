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

const outlooks: readonly Outlook[] = ['slow', 'failing', 'unknown', 'good']
const shares = { slow: 0.25, failing: 0.5, unknown: 0.75, good: 1 }
const namespaceOf = (key: string) => key.split('/')[0]

/** The rules of the work queue, written down as plainly as possible: it sorts all keys at each step. */
export function createSortingQueue({ sideBySide, restMs, now, onBegin }: SortingQueueOptions) {
  const dues = new Map<string, Due>()
  const running = new Map<string, Outlook>()
  const restEnds = new Map<string, number>()
  const line = createLine()
  const rank = (outlook: Outlook) => outlooks.indexOf(outlook)

  function set(key: string, { atMs, outlook }: Due): void {
    const restEndMs = restEnds.get(key) ?? 0
    line.leave(key)
    dues.set(key, { atMs: restEndMs > now() ? Math.max(atMs, restEndMs) : atMs, outlook })
  }

  function leavesEnough(outlook: Outlook, namespace: string | undefined): boolean {
    const taken = [...running].filter(([, other]) => rank(other) <= rank(outlook))
    const own = taken.filter(([key]) => namespaceOf(key) === namespace)
    return sideBySide * shares[outlook] - taken.length > own.length
  }

  const hasSlot = (key: string, outlook: Outlook): boolean =>
    leavesEnough(outlook, namespaceOf(key)) && leavesEnough('good', namespaceOf(key))

  /** Begins what is due. Call it whenever time has passed. */
  function begin(): void {
    for (const [key, { atMs, outlook }] of [...dues].sort(([, a], [, b]) => a.atMs - b.atMs))
      if (!running.has(key) && atMs <= now()) line.join(key, outlook)
    for (let next = line.next(hasSlot); next !== undefined; next = line.next(hasSlot)) {
      running.set(next.key, next.outlook)
      dues.delete(next.key)
      onBegin(next.key)
    }
  }

  function add(key: string, { afterMs, outlook }: NextRun): void {
    const before = dues.get(key)
    const isBetter = before !== undefined && rank(before.outlook) > rank(outlook)
    const atMs = Math.min(now() + afterMs, before?.atMs ?? Number.POSITIVE_INFINITY)
    const next = { atMs, outlook: isBetter ? before.outlook : outlook }
    if (next.atMs !== before?.atMs || next.outlook !== before.outlook) set(key, next)
    begin()
  }

  return {
    begin,
    add,
    drop(key: string): void {
      dues.delete(key)
      line.leave(key)
    },
    depth: () => [...dues].filter(([key, { atMs }]) => !running.has(key) && atMs <= now()).length,
    /** The key that runs becomes slow. */
    becomeSlow(key: string): boolean {
      if (running.get(key) === 'slow') return true
      if (!leavesEnough('slow', namespaceOf(key))) return false
      running.set(key, 'slow')
      return true
    },
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

interface Turn {
  readonly outlook: Outlook
  namespaces: { readonly name: string; readonly keys: string[] }[]
}

/** Lists of lists: the outlooks in the order of their turns, the namespaces of each, and their keys. */
function createLine() {
  let all: Turn[] = []
  const leave = (key: string) => {
    all = all
      .map(({ outlook, namespaces }) => ({
        outlook,
        namespaces: namespaces
          .map(({ name, keys }) => ({ name, keys: keys.filter((waiting) => waiting !== key) }))
          .filter(({ keys }) => keys.length > 0),
      }))
      .filter(({ namespaces }) => namespaces.length > 0)
  }
  const has = (key: string) =>
    all.some(({ namespaces }) => namespaces.some(({ keys }) => keys.includes(key)))
  return {
    leave,
    join(key: string, outlook: Outlook): void {
      if (has(key)) return
      const name = namespaceOf(key) ?? ''
      const turn = all.find((candidate) => candidate.outlook === outlook) ?? {
        outlook,
        namespaces: [],
      }
      if (!all.includes(turn)) all.push(turn)
      const own = turn.namespaces.find((candidate) => candidate.name === name) ?? { name, keys: [] }
      if (!turn.namespaces.includes(own)) turn.namespaces.push(own)
      own.keys.push(key)
    },
    next(hasSlot: (key: string, outlook: Outlook) => boolean) {
      for (const turn of all)
        for (const own of turn.namespaces) {
          const [key = ''] = own.keys
          if (!hasSlot(key, turn.outlook)) continue
          own.keys.shift()
          turn.namespaces = [...turn.namespaces.filter((candidate) => candidate !== own), own]
          all = [...all.filter((candidate) => candidate !== turn), turn]
          leave(key)
          return { key, outlook: turn.outlook }
        }
      return undefined
    },
  }
}
