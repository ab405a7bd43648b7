import type { Clock } from '../../lib/clock.ts'
import { createDueKeys } from './due-keys.ts'
import { type NextRun, type Outlook, outlooks } from './next-run.ts'

interface WorkQueueOptions {
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

/**
 * Holds keys and when they are due, each at most once. The key that has been due longest runs first. A step takes time that
 * grows with the logarithm of the number of keys, because there may be tens of thousands.
 */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { run, clock, signal } = options
  const places = createPlaces(options)
  const dues = createDueKeys({ ...options, isRunning: places.isTaken })
  const alarm = createAlarm(options, begin)
  const turn = createTurn(begin)

  function add(key: string, next: NextRun): void {
    dues.add(key, next)
    begin()
  }

  function begin(): void {
    if (signal.aborted) return
    const nowMs = clock.now()
    let next = dues.first(places.open())
    while (next !== undefined && next.atMs <= nowMs) {
      if (!turn.take()) return
      dues.drop(next.key)
      places.take(next.key, next.outlook)
      void work(next.key)
      next = dues.first(places.open())
    }
    void alarm.set(next?.atMs)
  }

  async function work(key: string): Promise<void> {
    const next = await run(key)
    places.free(key)
    dues.rest(key)
    if (next === undefined) begin()
    else add(key, next)
  }

  return { add, drop: dues.drop, depth: dues.depth, idle: places.allFree }
}

/** A run may compute for milliseconds before it first waits for something. */
const beginningsPerTurn = 10

/** Bounds the runs that begin in one turn of the event loop. Calls back in the next turn if there were more. */
function createTurn(more: () => void) {
  let begun = 0
  let wantsMore = false
  const end = () => {
    begun = 0
    if (!wantsMore) return
    wantsMore = false
    setImmediate(more)
  }
  return {
    /** @returns false if no run may begin any more in this turn */
    take(): boolean {
      if (begun === 0) setImmediate(end)
      wantsMore ||= begun === beginningsPerTurn
      if (wantsMore) return false
      begun += 1
      return true
    },
  }
}

/** Calls back at a time. Setting another time replaces it. */
function createAlarm(
  { clock, signal }: Pick<WorkQueueOptions, 'clock' | 'signal'>,
  ring: () => void,
) {
  let current: { readonly atMs: number; readonly replaced: AbortController } | undefined
  return {
    async set(atMs: number | undefined): Promise<void> {
      if (current?.atMs === atMs) return
      current?.replaced.abort()
      current = undefined
      if (atMs === undefined) return
      const wait = { atMs, replaced: new AbortController() }
      current = wait
      await clock.sleep(
        Math.max(0, atMs - clock.now()),
        AbortSignal.any([wait.replaced.signal, signal]),
      )
      if (wait.replaced.signal.aborted) return
      current = undefined
      ring()
    },
  }
}

/** The share of all places that keys of this outlook and of poorer ones may take together. */
const shares: Readonly<Record<Outlook, number>> = { failing: 0.5, unknown: 0.75, good: 1 }

/** The places for keys that run at the same time. Keys of a poor outlook never get all of them. */
function createPlaces({ sideBySide }: Pick<WorkQueueOptions, 'sideBySide'>) {
  const running = new Map<string, Outlook>()
  const counts: Record<Outlook, number> = { failing: 0, unknown: 0, good: 0 }
  let emptied = Promise.withResolvers<void>()
  return {
    isTaken: (key: string) => running.has(key),
    /** The outlooks whose keys may begin to run. */
    open(): readonly Outlook[] {
      if (running.size >= sideBySide) return []
      let taken = 0
      return outlooks.filter((outlook) => {
        taken += counts[outlook]
        return taken < sideBySide * shares[outlook]
      })
    },
    take(key: string, outlook: Outlook): void {
      running.set(key, outlook)
      counts[outlook] += 1
    },
    free(key: string): void {
      const outlook = running.get(key)
      if (outlook === undefined) return
      running.delete(key)
      counts[outlook] -= 1
      if (running.size > 0) return
      emptied.resolve()
      emptied = Promise.withResolvers()
    },
    async allFree(): Promise<void> {
      while (running.size > 0) await emptied.promise
    },
  }
}
