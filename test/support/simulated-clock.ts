import { type Clock, systemClock } from '../../lib/clock.ts'
import { clockTimes } from './clock-times.ts'

export interface SimulatedClock extends Clock {
  pass(ms: number): void
  /** Sets the wall clock, forward or back. */
  step(ms: number): void
}

/**
 * Time that passes by `pass`, and by each sleep that ends, but not while code runs: what a round may do in its time then
 * doesn't depend on how fast the machine is. Sleeps take as long as they say, because answers arrive meanwhile.
 */
export function simulatedClock(): SimulatedClock {
  let nowMs = 1_000_000
  return {
    ...clockTimes(() => nowMs, { startMs: Date.now() }),
    random: () => 0.5,
    async sleep(ms, signal) {
      const untilMs = nowMs + ms
      await systemClock.sleep(ms, signal)
      if (!signal?.aborted) nowMs = Math.max(nowMs, untilMs)
    },
    pass(ms) {
      nowMs += ms
    },
  }
}
