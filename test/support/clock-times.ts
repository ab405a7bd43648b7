import type { Clock } from '../../lib/clock.ts'

interface ClockTimes extends Pick<Clock, 'now' | 'wallTime' | 'bootId'> {
  /** Sets the wall clock, forward or back, as somebody who corrects the node's clock does. */
  step(ms: number): void
}

/** The times of a clock whose boot time is `now`. The wall time differs from it, so that a mistaken one is noticed. */
export function clockTimes(
  now: () => number,
  { startMs = Date.UTC(2026, 5, 1), boot = 'a boot' } = {},
): ClockTimes {
  let wallOffsetMs = startMs - now()
  return {
    now,
    wallTime: () => now() + wallOffsetMs,
    bootId: () => boot,
    step(ms) {
      wallOffsetMs += ms
    },
  }
}
