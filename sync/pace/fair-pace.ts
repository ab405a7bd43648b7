import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../lib/clock.ts'

/** Shares the time of the process among namespaces. All times are estimates in microseconds of one core. */
export interface FairPace {
  /**
   * Waits until a namespace may do work that takes so long. Within its allowance, that is at once. Beyond it, the work of all
   * namespaces waits in one line, which gets a quarter of the time.
   */
  awaitTurn(namespace: string, microseconds: number): Promise<void>
  /** Waits in the line, whatever the allowance is. */
  awaitLine(microseconds: number): Promise<void>
  /** Waits for a turn of the event loop in which nobody else who calls this works. */
  awaitSlice(): Promise<void>
}

/** How much time a namespace may take at once after a rest: a list of hundreds of objects takes a part of it. */
const mostMicroseconds = 300_000
/** The part of the time that it may take all the time. */
const lastingPart = 0.01
/** How long the line rests after each work, as a multiple of what that took: the garbage collector needs its time, too. */
const restFactor = 3

/** @param options - `signal`: once it has aborted, nobody waits any more */
export function createFairPace({
  clock,
  signal,
}: {
  readonly clock: Pick<Clock, 'now' | 'sleep'>
  readonly signal: AbortSignal
}): FairPace {
  const allowances = new Map<string, { left: number; readonly atMs: number }>()
  let line: Promise<void> = Promise.resolve()
  let slices: Promise<void> = Promise.resolve()

  function takeAllowance(namespace: string, microseconds: number): boolean {
    const nowMs = clock.now()
    const { left, atMs } = allowances.get(namespace) ?? { left: mostMicroseconds, atMs: nowMs }
    const now = Math.min(mostMicroseconds, left + (nowMs - atMs) * 1000 * lastingPart)
    const isEnough = microseconds <= now
    allowances.set(namespace, { left: isEnough ? now - microseconds : now, atMs: nowMs })
    return isEnough
  }
  async function awaitLine(microseconds: number): Promise<void> {
    const turn = line
    const restMs = Math.ceil(((1 + restFactor) * microseconds) / 1000)
    line = turn.then(() => clock.sleep(restMs, signal))
    await turn
  }
  return {
    awaitLine,
    async awaitSlice() {
      slices = slices.then(() => setImmediate())
      await slices
    },
    async awaitTurn(namespace, microseconds) {
      if (!takeAllowance(namespace, microseconds)) await awaitLine(microseconds)
    },
  }
}
