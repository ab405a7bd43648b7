import { setTimeout } from 'node:timers/promises'

/** Time and chance, passed in so that tests need neither. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** At least 0, below 1. */
  random(): number
  /** Ends early, without an error, when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  async sleep(ms, signal) {
    // What it rejects with can only be the abort.
    await setTimeout(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
  },
}
