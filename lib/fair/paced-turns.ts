import { type Caller, createFairQueue } from './fair-queue.ts'

interface PacedTurnsOptions {
  /** How long a piece of work counts at least. */
  readonly leastMs: number
  /** Whether work of an address may run now. If it may not, it is asked again after a short time. */
  readonly hasRoom?: (address: string) => boolean
  /** A clock that never goes back. */
  readonly elapsedMs: () => number
  /** Calls back when everything that the work left to `process.nextTick` is done. */
  readonly afterWork?: (callback: () => void) => void
  /** Calls back after some milliseconds, or in the next turn of the event loop if there are none. */
  readonly wait?: (ms: number, callback: () => void) => void
}

export type PacedTurns = ReturnType<typeof createPacedTurns>

/**
 * Runs expensive work of many callers in half of the event loop's time at most, one piece after the other. Work that has
 * to wait is in a {@link createFairQueue fair queue}. After a quiet time, {@link burstMs} of work may run without a break.
 *
 * Everything else needs the other half. In each turn of the loop, Node accepts one connection of each server at most
 * (libuv's `uv__server_io`), and thousands may be waiting for that.
 */
export function createPacedTurns(options: PacedTurnsOptions) {
  const { leastMs, elapsedMs, hasRoom = () => true } = options
  const { afterWork = process.nextTick, wait = waitOrTurn } = options
  const waiting = createFairQueue<() => void>()
  let isRunning = false
  let isWaiting = false
  /** Until then, the work so far takes half of the time. */
  let halfUntilMs = Number.NEGATIVE_INFINITY
  const breakMs = () => Math.max(halfUntilMs - burstMs - elapsedMs(), 0)

  function run(work: () => void): void {
    const startMs = elapsedMs()
    isRunning = true
    try {
      work()
    } finally {
      afterWork(() => {
        const countedMs = Math.min(Math.max(elapsedMs() - startMs, leastMs), burstMs)
        halfUntilMs = Math.max(halfUntilMs, startMs) + 2 * countedMs
        isRunning = false
        runNext()
      })
    }
  }

  function runNext(leastWaitMs = 0): void {
    if (isRunning || isWaiting || waiting.size === 0) return
    isWaiting = true
    wait(Math.max(breakMs(), leastWaitMs), () => {
      isWaiting = false
      if (isRunning || breakMs() > 0) return runNext()
      const work = waiting.shift({ hasRoom })
      if (work === undefined) runNext(roomWaitMs)
      else run(work)
    })
  }

  return {
    /** Runs work of a caller now, or when it is the caller's turn. */
    take(caller: Caller, work: () => void): void {
      const isNext = !isRunning && waiting.size === 0 && breakMs() === 0
      if (isNext && hasRoom(caller.address)) run(work)
      else {
        waiting.push(caller, work)
        runNext()
      }
    },
    /** Removes work that waits. */
    leave: (caller: Caller, work: () => void) => waiting.remove(caller, work),
  }
}

const waitOrTurn = (ms: number, callback: () => void): void =>
  void (ms === 0 ? setImmediate(callback) : setTimeout(callback, Math.ceil(ms)))

/**
 * One piece never counts more than this, because its clock also runs while the process isn't scheduled. Otherwise one such
 * pause would keep everybody waiting for as long again.
 */
const burstMs = 50

/** How long nobody is asked again after nobody had room. An address that has room waits as long at most. */
const roomWaitMs = 10
