import { type Caller, createFairQueue } from '../../lib/fair/fair-queue.ts'

/** Runs some work for a caller now, or when it is the caller's turn. */
export type TakeTurn = (caller: Caller, work: () => void) => void

interface TurnsOptions {
  /** A clock that never goes back. */
  readonly elapsedMs: () => number
  /** Calls back in the next turn of the event loop. */
  readonly nextTurn?: (callback: () => void) => void
}

/**
 * Spreads expensive work over turns of the event loop. Once the work since the last turn has taken a millisecond, the rest
 * waits until the loop has turned once for each whole millisecond. Cheap reviews therefore don't wait for each other. Work
 * that waits is in a {@link createFairQueue fair queue}.
 *
 * In each turn, Node accepts one connection of each server at most (libuv's `uv__server_io`). If all reviews that have
 * arrived ran in the same turn, a few callers of expensive ones would keep everybody's new connections, and the kubelet's
 * probes, waiting for seconds.
 */
export function createTurns({ elapsedMs, nextTurn = setImmediate }: TurnsOptions): TakeTurn {
  const waiting = createFairQueue<() => void>()
  /** What work has taken, less a millisecond for each turn of the loop since. */
  let spentMs = 0
  let isTurning = false

  function run(work: () => void): void {
    const startMs = elapsedMs()
    try {
      work()
    } finally {
      spentMs += elapsedMs() - startMs
      turn()
    }
  }

  function turn(): void {
    if (isTurning || spentMs === 0) return
    isTurning = true
    nextTurn(() => {
      isTurning = false
      spentMs = Math.max(spentMs - maxMs, 0)
      try {
        runWaiting()
      } finally {
        turn()
      }
    })
  }

  function runWaiting(): void {
    while (spentMs < maxMs) {
      const work = waiting.shift()
      if (work === undefined) return
      run(work)
    }
  }

  return (caller, work) => {
    if (spentMs < maxMs && waiting.size === 0) run(work)
    else waiting.push(caller, work)
  }
}

/** How much work runs in one turn. */
const maxMs = 1
