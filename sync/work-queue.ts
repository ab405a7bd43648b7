import type { Clock } from '../lib/clock.ts'

export interface WorkQueueOptions {
  /**
   * Does what is due for a key, never twice at a time for one. Gives when it is due again; undefined for not before it
   * is added again. It doesn't throw.
   */
  readonly run: (key: string) => Promise<NextRun | undefined>
  /** How many keys at most are worked on side by side. Not all of that is for those of a poor {@link Outlook}. */
  readonly sideBySide: number
  /** How long a key rests at least after it was worked on, however often it is added: its owner may be ill-disposed. */
  readonly restMs: number
  readonly clock: Clock
  /** Nothing is begun any more once it has aborted. */
  readonly signal: AbortSignal
}

/** How work is likely to go. What hangs must not take the places of what works, nor must what nobody knows yet. */
export type Outlook = 'failing' | 'unknown' | 'good'

export interface NextRun {
  readonly afterMs: number
  readonly outlook: Outlook
}

export interface WorkQueue {
  /** Due after so many milliseconds, or earlier where it was due earlier already. */
  add(key: string, next: NextRun): void
  /** Not due any more; what runs is not cut off. */
  drop(key: string): void
  /** How many are due, and wait for others to end. */
  depth(): number
  /** When nothing runs any more. */
  idle(): Promise<void>
}

interface Due {
  readonly atMs: number
  readonly outlook: Outlook
}

/** From the one that has to make room for the others. */
const outlooks: readonly Outlook[] = ['failing', 'unknown', 'good']
/** The part of all places that those of an outlook, and of poorer ones, may have together. */
const shares: Readonly<Record<Outlook, number>> = { failing: 0.5, unknown: 0.75, good: 1 }

/** Keys and when they are due, each there once; the longest due is begun first. */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { run, sideBySide, restMs, clock, signal } = options
  const dues = new Map<string, Due>()
  const running = new Map<string, { readonly outlook: Outlook; readonly ended: Promise<void> }>()
  const rests = createRests(restMs)
  let timer: AbortController | undefined

  const waiting = () => [...dues].filter(([key]) => !running.has(key)).sort(byTime)

  function add(key: string, { afterMs, outlook }: NextRun): void {
    const nowMs = clock.now()
    const before = dues.get(key)
    const atMs = Math.min(nowMs + afterMs, before?.atMs ?? Number.POSITIVE_INFINITY)
    dues.set(key, {
      atMs: Math.max(atMs, rests.endOf(key)),
      outlook: better(outlook, before?.outlook),
    })
    begin()
  }

  function hasPlace(outlook: Outlook): boolean {
    const rank = outlooks.indexOf(outlook)
    const others = [...running.values()].filter((one) => outlooks.indexOf(one.outlook) <= rank)
    return others.length < sideBySide * shares[outlook]
  }

  function begin(): void {
    timer?.abort()
    if (signal.aborted) return
    const nowMs = clock.now()
    for (const [key, { atMs, outlook }] of waiting()) {
      if (running.size >= sideBySide) return
      if (atMs > nowMs) return void wakeAfter(atMs - nowMs)
      if (!hasPlace(outlook)) continue
      dues.delete(key)
      running.set(key, { outlook, ended: work(key) })
    }
  }

  async function work(key: string): Promise<void> {
    const next = await run(key)
    running.delete(key)
    rests.begin(key, clock.now())
    const added = dues.get(key)
    if (added) dues.set(key, { ...added, atMs: Math.max(added.atMs, rests.endOf(key)) })
    if (next === undefined) begin()
    else add(key, next)
  }

  async function wakeAfter(ms: number): Promise<void> {
    const own = new AbortController()
    timer = own
    await clock.sleep(ms, AbortSignal.any([own.signal, signal]))
    if (!own.signal.aborted) begin()
  }

  return {
    add,
    drop: (key) => dues.delete(key),
    depth: () => waiting().filter(([, { atMs }]) => atMs <= clock.now()).length,
    async idle() {
      while (running.size > 0) await Promise.all([...running.values()].map(({ ended }) => ended))
    },
  }
}

const byTime = ([, a]: readonly [string, Due], [, b]: readonly [string, Due]) => a.atMs - b.atMs

/** That of before was given for a reason, and so is the new one: the better counts. */
const better = (one: Outlook, other: Outlook = one): Outlook =>
  outlooks.indexOf(one) < outlooks.indexOf(other) ? other : one

/** Until when keys rest. A key that is dropped and added again has not rested by that. */
function createRests(restMs: number) {
  const ends = new Map<string, number>()
  return {
    endOf: (key: string): number => ends.get(key) ?? 0,
    begin(key: string, nowMs: number): void {
      ends.delete(key)
      ends.set(key, nowMs + restMs)
      // In the order in which they began.
      for (const [other, endMs] of ends) {
        if (endMs > nowMs) break
        ends.delete(other)
      }
    },
  }
}
