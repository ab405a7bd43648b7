/** Runs some work now, or after the work that waits already. */
export type TakeTurn = (work: () => void) => void

export interface TurnsOptions {
  /** A clock that never goes back. */
  readonly elapsedMs: () => number
  /** Calls back in the next turn of the event loop. */
  readonly nextTurn?: (callback: () => void) => void
}

/**
 * Spreads expensive work over turns of the event loop: after some work, the loop turns once for each millisecond that
 * the work took.
 *
 * In each turn, Node accepts one connection of each server at most (libuv's `uv__server_io`). If all reviews that have
 * arrived ran in the same turn, a few callers of expensive ones would keep everybody's new connections, and the kubelet's
 * probes, waiting for seconds.
 */
export function createTurns({ elapsedMs, nextTurn = setImmediate }: TurnsOptions): TakeTurn {
  const waiting: (() => void)[] = []
  let isBusy = false

  function run(work: () => void): void {
    isBusy = true
    const startMs = elapsedMs()
    try {
      work()
    } finally {
      rest(Math.ceil(elapsedMs() - startMs))
    }
  }

  function rest(turns: number): void {
    nextTurn(() => {
      if (turns > 1) return rest(turns - 1)
      isBusy = false
      const next = waiting.shift()
      if (next !== undefined) run(next)
    })
  }

  return (work) => {
    if (isBusy) waiting.push(work)
    else run(work)
  }
}
