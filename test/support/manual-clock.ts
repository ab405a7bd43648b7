import type { Clock } from '../../lib/clock.ts'
import { clockTimes } from './clock-times.ts'

export interface ManualClock extends Clock {
  /** Lets time pass, and lets whatever a sleep that ends has started come to rest. */
  pass(ms: number): Promise<void>
}

/** Time that only passes when the test says so. */
export function manualClock(): ManualClock {
  let nowMs = 1_000_000
  const sleeps = new Set<{ readonly untilMs: number; readonly wake: () => void }>()
  const settle = async () => {
    for (let i = 0; i < 50; i++) await new Promise(setImmediate)
  }
  return {
    ...clockTimes(() => nowMs),
    random: () => 0.5,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const sleep = { untilMs: nowMs + ms, wake: resolve }
        sleeps.add(sleep)
        signal?.addEventListener('abort', () => {
          sleeps.delete(sleep)
          resolve()
        })
      }),
    async pass(ms) {
      const endMs = nowMs + ms
      await settle()
      for (;;) {
        const [next] = [...sleeps].sort((a, b) => a.untilMs - b.untilMs)
        if (next === undefined || next.untilMs > endMs) break
        sleeps.delete(next)
        nowMs = Math.max(nowMs, next.untilMs)
        next.wake()
        await settle()
      }
      nowMs = endMs
    },
  }
}
