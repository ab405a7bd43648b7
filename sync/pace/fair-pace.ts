import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../lib/clock.ts'
import { createFairQueue } from '../../lib/fair/fair-queue.ts'
import { createAllowances } from './allowances.ts'

/** Shares the time of the process among namespaces. All times are estimates in microseconds of one core. */
export interface FairPace {
  /**
   * Waits until a namespace may do work that takes so long. Within its allowance, that is at once. Beyond it, the work of all
   * namespaces waits in one line, in which they take turns. The line gets a quarter of the time.
   */
  awaitTurn(namespace: string, microseconds: number): Promise<void>
  /** Takes time that has been spent already. If the allowance doesn't cover it, the next work in the line takes longer by that. */
  charge(namespace: string, microseconds: number): void
  /** Takes the time from the allowance of a namespace. Returns false if that doesn't cover it. */
  takeAllowance(namespace: string, microseconds: number): boolean
  /** Waits in the line, whatever the allowance is. */
  awaitLine(namespace: string, microseconds: number): Promise<void>
  /** Waits for a turn of the event loop in which nobody else who calls this works. Namespaces take turns here, too. */
  awaitSlice(namespace: string): Promise<void>
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
  const allowances = createAllowances({ clock, mostMicroseconds, lastingPart })
  const line = createLine((microseconds) =>
    clock.sleep(Math.ceil(((1 + restFactor) * microseconds) / 1000), signal),
  )
  const slices = createLine(() => setImmediate())

  async function awaitLine(namespace: string, microseconds: number): Promise<void> {
    const left = allowances.of(namespace)
    if (left < 0) allowances.set(namespace, 0)
    await line.wait(namespace, microseconds + Math.max(0, -left))
  }
  return {
    charge: (namespace, microseconds) =>
      allowances.set(namespace, allowances.of(namespace) - microseconds),
    takeAllowance: allowances.take,
    awaitLine,
    async awaitSlice(namespace) {
      await slices.wait(namespace, 0)
      await setImmediate()
    },
    async awaitTurn(namespace, microseconds) {
      if (!allowances.take(namespace, microseconds)) await awaitLine(namespace, microseconds)
    },
  }
}

/** A line in which namespaces take turns, so one that has much work waiting delays only its own. */
function createLine(rest: (microseconds: number) => Promise<void>) {
  const waiting = createFairQueue<{ readonly microseconds: number; readonly begin: () => void }>()
  let isServed = false
  async function serve(): Promise<void> {
    if (isServed) return
    isServed = true
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      next.begin()
      await rest(next.microseconds)
    }
    isServed = false
  }
  return {
    wait: (namespace: string, microseconds: number) =>
      new Promise<void>((begin) => {
        waiting.push({ address: '', namespace }, { microseconds, begin })
        void serve()
      }),
  }
}
