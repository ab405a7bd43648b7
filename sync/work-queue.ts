import type { Clock } from '../init-agent/clock.ts'

export interface WorkQueueOptions {
  /**
   * Does what is due for a key, never twice at a time for one. Gives after how many milliseconds it is due again;
   * undefined for not before it is added again. It doesn't throw.
   */
  readonly run: (key: string) => Promise<number | undefined>
  /** How many keys at most are worked on side by side. */
  readonly sideBySide: number
  readonly clock: Clock
  /** Nothing is begun any more once it has aborted. */
  readonly signal: AbortSignal
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

/** Keys and when they are due, each there once; the longest due is begun first. */
export function createWorkQueue({ run, sideBySide, clock, signal }: WorkQueueOptions): WorkQueue {
  const dueAtMs = new Map<string, number>()
  const running = new Map<string, Promise<void>>()
  let timer: AbortController | undefined

  const waiting = () => [...dueAtMs].filter(([key]) => !running.has(key)).sort(byTime)

  function add(key: string, afterMs: number): void {
    dueAtMs.set(key, Math.min(dueAtMs.get(key) ?? Number.POSITIVE_INFINITY, clock.now() + afterMs))
    begin()
  }

  function begin(): void {
    timer?.abort()
    if (signal.aborted || running.size >= sideBySide) return
    const nowMs = clock.now()
    let nextMs: number | undefined
    for (const [key, atMs] of waiting()) {
      if (atMs > nowMs) {
        nextMs = atMs - nowMs
        break
      }
      if (running.size >= sideBySide) return
      dueAtMs.delete(key)
      running.set(key, work(key))
    }
    if (nextMs !== undefined) void wakeAfter(nextMs)
  }

  async function work(key: string): Promise<void> {
    const afterMs = await run(key)
    running.delete(key)
    if (afterMs === undefined) begin()
    else add(key, afterMs)
  }

  async function wakeAfter(ms: number): Promise<void> {
    const own = new AbortController()
    timer = own
    await clock.sleep(ms, AbortSignal.any([own.signal, signal]))
    if (!own.signal.aborted) begin()
  }

  return {
    add,
    drop: (key) => dueAtMs.delete(key),
    depth: () => waiting().filter(([, atMs]) => atMs <= clock.now()).length,
    async idle() {
      while (running.size > 0) await Promise.all(running.values())
    },
  }
}

const byTime = ([, a]: readonly [string, number], [, b]: readonly [string, number]) => a - b
