import type { Clock } from '../init-agent/clock.ts'

export interface WorkQueueOptions {
  /**
   * Does what is due for a key, never twice at a time for one. Gives when it is due again; undefined for not before it
   * is added again. It doesn't throw.
   */
  readonly run: (key: string) => Promise<NextRun | undefined>
  /** How many keys at most are worked on side by side. Half of that is kept free of those that are tried again. */
  readonly sideBySide: number
  readonly clock: Clock
  /** Nothing is begun any more once it has aborted. */
  readonly signal: AbortSignal
}

export interface NextRun {
  readonly afterMs: number
  /** It has failed: what hangs must not take the places of what works. */
  readonly isRetry: boolean
}

export interface WorkQueue {
  /** Due after so many milliseconds, or earlier where it was due earlier already. */
  add(key: string, afterMs: number): void
  /** Not due any more; what runs is not cut off. */
  drop(key: string): void
  /** How many are due, and wait for others to end. */
  depth(): number
  /** When nothing runs any more. */
  idle(): Promise<void>
}

interface Due {
  readonly atMs: number
  readonly isRetry: boolean
}

/** Keys and when they are due, each there once; the longest due is begun first. */
export function createWorkQueue({ run, sideBySide, clock, signal }: WorkQueueOptions): WorkQueue {
  const dues = new Map<string, Due>()
  const running = new Map<string, Promise<void>>()
  const retrying = new Set<string>()
  let timer: AbortController | undefined

  const waiting = () => [...dues].filter(([key]) => !running.has(key)).sort(byTime)

  function add(key: string, { afterMs, isRetry }: NextRun): void {
    const before = dues.get(key)
    dues.set(key, {
      atMs: Math.min(clock.now() + afterMs, before?.atMs ?? Number.POSITIVE_INFINITY),
      isRetry: isRetry && before?.isRetry !== false,
    })
    begin()
  }

  function begin(): void {
    timer?.abort()
    if (signal.aborted) return
    const nowMs = clock.now()
    for (const [key, { atMs, isRetry }] of waiting()) {
      if (running.size >= sideBySide) return
      if (atMs > nowMs) return void wakeAfter(atMs - nowMs)
      if (isRetry && retrying.size >= sideBySide / 2) continue
      if (isRetry) retrying.add(key)
      dues.delete(key)
      running.set(key, work(key))
    }
  }

  async function work(key: string): Promise<void> {
    const next = await run(key)
    running.delete(key)
    retrying.delete(key)
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
    add: (key, afterMs) => add(key, { afterMs, isRetry: false }),
    drop: (key) => dues.delete(key),
    depth: () => waiting().filter(([, { atMs }]) => atMs <= clock.now()).length,
    async idle() {
      while (running.size > 0) await Promise.all(running.values())
    },
  }
}

const byTime = ([, a]: readonly [string, Due], [, b]: readonly [string, Due]) => a.atMs - b.atMs
