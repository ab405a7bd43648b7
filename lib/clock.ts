import { setTimeout } from 'node:timers/promises'

/** Time and randomness, passed in so that tests control both. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** At least 0, below 1. */
  random(): number
  /** Ends early, without an error, when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** Node fires timers that are longer than this at once. Waking early after 24 days does no harm. */
const longestTimerMs = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  async sleep(ms, signal) {
    // It can only reject because of the abort.
    const options = signal === undefined ? {} : { signal }
    await setTimeout(Math.min(ms, longestTimerMs), undefined, options).catch(() => undefined)
  },
}
