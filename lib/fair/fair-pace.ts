import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import { createAllowances } from './allowances.ts'
import { createFairQueue } from './fair-queue.ts'
import { onTurnEnd } from './stopwatch.ts'

/**
 * Shares the time of the process among namespaces. Their work is measured, and charged once it is done, so nobody has to know
 * what work costs before it begins.
 */
export interface FairPace {
  /**
   * Waits until a namespace may work. While it has an allowance, that is at once. Otherwise it waits in one line with all others, in
   * which namespaces take turns. The line gets a quarter of the time.
   */
  awaitTurn(namespace: string): Promise<void>
  /** Takes what work has taken, in microseconds, from the allowance. What that doesn't cover is paid for in the line. */
  charge(namespace: string, microseconds: number): void
  /** Measures what the caller does until the event loop turns, and charges it. Work that is being measured already isn't charged twice. */
  timeTurn(namespace: string): void
  hasAllowance(namespace: string): boolean
  /** Waits in the line, whatever the allowance is. */
  awaitLine(namespace: string): Promise<void>
  /**
   * Waits for a turn of the event loop in which nobody else who calls this works. Namespaces take turns here, too. What the
   * caller does in that turn is measured and charged.
   */
  awaitSlice(namespace: string): Promise<void>
}

/** How much time an idle namespace saves up at most. A list of hundreds of objects takes only a part of it. */
const mostMicroseconds = 300_000
/** The share of the time that a namespace may use permanently. */
const lastingPart = 0.01
/**
 * The most that a namespace can owe: if the machine was suspended during the work, it looks as if it had taken hours.
 */
const mostDebtMicroseconds = 2_000_000
/** How much a namespace pays off in one turn in the line, so that others needn't wait until it has paid everything. */
const mostPaidMicroseconds = 50_000
/**
 * After each turn, the line pauses for this many times the time that was paid for, so that other work and the garbage
 * collector get theirs.
 */
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
  const line = createLine(pay)
  const slices = createLine(async () => {
    await setImmediate()
    return true
  })

  /** Pays for a part of what a namespace has taken beyond its allowance. Returns false if there is more. */
  async function pay(namespace: string): Promise<boolean> {
    // What the last one has done in its turn of the event loop is charged by then.
    await setImmediate()
    const left = allowances.of(namespace)
    if (left >= 0) return true
    const paid = Math.min(-left, mostPaidMicroseconds)
    allowances.set(namespace, left + paid)
    await clock.sleep(Math.ceil(((1 + restFactor) * paid) / 1000), signal)
    return allowances.of(namespace) >= 0
  }
  function charge(namespace: string, microseconds: number): void {
    const left = allowances.of(namespace) - microseconds
    allowances.set(namespace, Math.max(-mostDebtMicroseconds, left))
  }
  let isTiming = false
  function timeTurn(namespace: string): void {
    if (isTiming) return
    isTiming = true
    onTurnEnd(clock, (microseconds) => {
      isTiming = false
      charge(namespace, microseconds)
    })
  }
  const hasAllowance = (namespace: string) => allowances.of(namespace) > 0
  return {
    charge,
    timeTurn,
    hasAllowance,
    awaitLine: line.wait,
    async awaitSlice(namespace) {
      await slices.wait(namespace)
      timeTurn(namespace)
    },
    async awaitTurn(namespace) {
      if (!hasAllowance(namespace)) await line.wait(namespace)
    },
  }
}

/**
 * A line in which namespaces take turns, so one that has much work waiting delays only its own.
 *
 * @param isReady - called when it is the turn of a namespace. If it returns false, the next one has its turn first
 */
function createLine(isReady: (namespace: string) => Promise<boolean>) {
  const waiting = createFairQueue<{ readonly namespace: string; readonly begin: () => void }>()
  let isServed = false
  async function serve(): Promise<void> {
    if (isServed) return
    isServed = true
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { namespace, begin } = next
      if (await isReady(namespace)) begin()
      else waiting.push({ address: '', namespace }, next)
    }
    isServed = false
  }
  return {
    wait: (namespace: string) =>
      new Promise<void>((begin) => {
        waiting.push({ address: '', namespace }, { namespace, begin })
        void serve()
      }),
  }
}
