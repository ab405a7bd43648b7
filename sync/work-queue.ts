import type { Clock } from '../lib/clock.ts'

export interface WorkQueueOptions {
  /**
   * Works on a key, never twice at the same time for one key. Returns when the key is due again, or undefined if not before
   * it is added again. Must not throw.
   */
  readonly run: (key: string) => Promise<NextRun | undefined>
  /** The maximum of keys that run at the same time. Keys of a poor {@link Outlook} get only a part of these places. */
  readonly sideBySide: number
  /** The minimum pause after a run, however often the key is added: its owner may be malicious. */
  readonly restMs: number
  readonly clock: Clock
  /** No new run begins once it has aborted. */
  readonly signal: AbortSignal
}

/** How a run is likely to go. Keys that hang, or that we know nothing about yet, must not take the places of keys that work. */
export type Outlook = 'failing' | 'unknown' | 'good'

export interface NextRun {
  readonly afterMs: number
  readonly outlook: Outlook
}

export interface WorkQueue {
  /** Makes a key due after `afterMs`, unless it is due earlier already. */
  add(key: string, next: NextRun): void
  /** Removes a key. Doesn't stop a run. */
  drop(key: string): void
  /** How many keys are due and wait for a place. */
  depth(): number
  /** Resolves when no run is active any more. */
  idle(): Promise<void>
}

interface Due {
  readonly atMs: number
  readonly outlook: Outlook
}

/** In ascending order: each makes room for those after it. */
const outlooks: readonly Outlook[] = ['failing', 'unknown', 'good']
/** The share of all places that keys of this outlook and of poorer ones may take together. */
const shares: Readonly<Record<Outlook, number>> = { failing: 0.5, unknown: 0.75, good: 1 }

/** Holds keys and when they are due, each at most once. The key that has been due longest runs first. */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { run, clock, signal } = options
  const dues = createDues(options)
  const places = createPlaces(options)
  const alarm = createAlarm(options, begin)

  const waiting = () => dues.inOrder().filter(([key]) => !places.isTaken(key))

  function add(key: string, next: NextRun): void {
    dues.add(key, next)
    begin()
  }

  function begin(): void {
    alarm.cancel()
    if (signal.aborted) return
    const nowMs = clock.now()
    for (const [key, { atMs, outlook }] of waiting()) {
      if (places.areAllTaken()) return
      if (atMs > nowMs) return void alarm.set(atMs - nowMs)
      if (!places.hasFree(outlook)) continue
      dues.drop(key)
      places.take(key, { outlook, ended: work(key) })
    }
  }

  async function work(key: string): Promise<void> {
    const next = await run(key)
    places.free(key)
    dues.rest(key)
    if (next === undefined) begin()
    else add(key, next)
  }

  const depth = () => waiting().filter(([, { atMs }]) => atMs <= clock.now()).length
  return { add, drop: dues.drop, depth, idle: places.allFree }
}

/** Calls back after a while, unless it is cancelled before. */
function createAlarm(
  { clock, signal }: Pick<WorkQueueOptions, 'clock' | 'signal'>,
  ring: () => void,
) {
  let current: AbortController | undefined
  return {
    cancel: () => current?.abort(),
    async set(ms: number): Promise<void> {
      const own = new AbortController()
      current = own
      await clock.sleep(ms, AbortSignal.any([own.signal, signal]))
      if (!own.signal.aborted) ring()
    },
  }
}

/** When each key is due, which is never before its rest has ended. */
function createDues({ clock, restMs }: Pick<WorkQueueOptions, 'clock' | 'restMs'>) {
  const dues = new Map<string, Due>()
  const rests = createRests(restMs)
  const set = (key: string, due: Due) =>
    dues.set(key, { ...due, atMs: Math.max(due.atMs, rests.endOf(key)) })
  return {
    /** The key that has been due longest comes first. */
    inOrder: () => [...dues].sort(byTime),
    add(key: string, { afterMs, outlook }: NextRun): void {
      const before = dues.get(key)
      const atMs = Math.min(clock.now() + afterMs, before?.atMs ?? Number.POSITIVE_INFINITY)
      set(key, { atMs, outlook: better(outlook, before?.outlook) })
    },
    drop(key: string): void {
      dues.delete(key)
    },
    /** Begins the rest of a key. If the key was added while it ran, it becomes due after the rest. */
    rest(key: string): void {
      rests.begin(key, clock.now())
      const added = dues.get(key)
      if (added) set(key, added)
    },
  }
}

interface Running {
  readonly outlook: Outlook
  readonly ended: Promise<void>
}

/** The places for keys that run at the same time. Keys of a poor outlook never get all of them. */
function createPlaces({ sideBySide }: Pick<WorkQueueOptions, 'sideBySide'>) {
  const running = new Map<string, Running>()
  return {
    isTaken: (key: string) => running.has(key),
    areAllTaken: () => running.size >= sideBySide,
    hasFree(outlook: Outlook): boolean {
      const rank = outlooks.indexOf(outlook)
      const others = [...running.values()].filter((one) => outlooks.indexOf(one.outlook) <= rank)
      return others.length < sideBySide * shares[outlook]
    },
    take: (key: string, work: Running) => running.set(key, work),
    free: (key: string) => running.delete(key),
    async allFree(): Promise<void> {
      while (running.size > 0) await Promise.all([...running.values()].map(({ ended }) => ended))
    },
  }
}

const byTime = ([, a]: readonly [string, Due], [, b]: readonly [string, Due]) => a.atMs - b.atMs

/** If a key is added again with another outlook, the better one counts. */
const better = (one: Outlook, other: Outlook = one): Outlook =>
  outlooks.indexOf(one) < outlooks.indexOf(other) ? other : one

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
