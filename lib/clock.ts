import { setTimeout } from 'node:timers/promises'
import { createBootTime, readBootId, readUptimeMs } from './boot-time.ts'
import { once } from './cached.ts'
import { createSleep } from './sleep.ts'

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
  /** Ends early, without an error, when `signal` aborts. The time that the machine is suspended counts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

// The global `performance` would load eleven modules, which an agent that only waits has no memory for.
const now = createBootTime({ elapsedMs: () => process.uptime() * 1000, readUptimeMs })

export const systemClock: Clock = {
  now,
  wallTime: () => Date.now(),
  bootId: once(readBootId),
  random: () => Math.random(),
  sleep: createSleep({
    now,
    // It can only reject because of the abort.
    timer: (ms, signal) =>
      setTimeout(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined),
  }),
}
