import type { Clock } from '../../lib/clock.ts'
import { clockTimes } from './clock-times.ts'

export interface FakeClock extends Clock {
  /** The waits that were asked for, in milliseconds. */
  readonly waits: readonly number[]
  /** Sets the wall clock, forward or back. */
  step(ms: number): void
}

/** Time that only passes when everybody waits, then at once to whoever waits least; chance that always comes out the same. */
export function fakeClock(options: {
  readonly random?: number
  /** Called when a wait ends, with the time then. */
  readonly onSleep?: (nowMs: number) => void
}): FakeClock {
  let nowMs = 1_000_000
  const waits: number[] = []
  const sleepers: { readonly untilMs: number; readonly wake: () => void }[] = []
  const wakeNext = () => {
    sleepers.sort((a, b) => a.untilMs - b.untilMs)
    const next = sleepers.shift()
    if (!next) return
    nowMs = Math.max(nowMs, next.untilMs)
    options.onSleep?.(nowMs)
    next.wake()
  }
  return {
    waits,
    ...clockTimes(() => nowMs),
    random: () => options.random ?? 0.5,
    sleep(ms, signal) {
      if (signal?.aborted) return Promise.resolve()
      waits.push(ms)
      return new Promise((resolve) => {
        sleepers.push({ untilMs: nowMs + ms, wake: resolve })
        setImmediate(wakeNext)
        signal?.addEventListener('abort', () => resolve())
      })
    },
  }
}
