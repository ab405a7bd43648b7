import { setTimeout } from 'node:timers/promises'
import { createBootTime, readBootId, readUptimeMs } from './boot-time.ts'
import { once } from './cached.ts'

/** Time and randomness, passed in so that tests control both. */
export interface Clock {
  /** Boot time: milliseconds since the machine started. It never steps, so it serves for pauses, intervals and ages. */
  now(): number
  /**
   * Milliseconds since 1970. It steps when somebody sets the machine's clock, so it serves only for tokens, for certificates,
   * and for what people read.
   */
  wallTime(): number
  /** Which boot {@link now} counts from. Undefined if the machine doesn't say. */
  bootId(): string | undefined
  /** At least 0, below 1. */
  random(): number
  /** Ends early, without an error, when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** Node fires timers that are longer than this at once. Waking early after 24 days does no harm. */
const longestTimerMs = 2 ** 31 - 1

export const systemClock: Clock = {
  now: createBootTime({ elapsedMs: () => performance.now(), readUptimeMs }),
  wallTime: () => Date.now(),
  bootId: once(readBootId),
  random: () => Math.random(),
  async sleep(ms, signal) {
    // It can only reject because of the abort.
    const options = signal === undefined ? {} : { signal }
    await setTimeout(Math.min(ms, longestTimerMs), undefined, options).catch(() => undefined)
  },
}
