import type { Caller } from '../../lib/fair/fair-queue.ts'
import { TimedQueue } from './timed-queue.ts'

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
 * that waits is in a {@link TimedQueue queue} in which callers that have taken little time go first.
 *
 * In each turn, Node accepts one connection of each server at most (libuv's `uv__server_io`). If all reviews that have
 * arrived ran in the same turn, a few callers of expensive ones would keep everybody's new connections, and the kubelet's
 * probes, waiting for seconds.
 */
export function createTurns({ elapsedMs, nextTurn = setImmediate }: TurnsOptions): TakeTurn {
  const waiting = new TimedQueue<() => void>()
  /** What work has taken, less a millisecond for each turn of the loop since. */
  let spentMs = 0
  let isTurning = false

  function run(caller: Caller, work: () => void): void {
    const startMs = elapsedMs()
    try {
      work()
    } finally {
      const tookMs = elapsedMs() - startMs
      waiting.charge(caller, tookMs)
      spentMs += tookMs
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
      work()
    }
  }

  return (caller, work) => {
    if (spentMs < maxMs && waiting.size === 0) run(caller, work)
    else waiting.push(caller, () => run(caller, work))
  }
}

/** How much work runs in one turn. */
const maxMs = 1
