import { type Clock, systemClock } from '../../lib/clock.ts'

/**
 * Time that passes by `pass`, and by each sleep that ends, but not while code runs: what a round may do in its time then
 * doesn't depend on how fast the machine is. Sleeps take as long as they say, because answers arrive meanwhile.
 */
export function simulatedClock(): Clock & { readonly pass: (ms: number) => void } {
  let nowMs = Date.now()
  return {
    now: () => nowMs,
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
