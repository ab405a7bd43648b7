/** Timers stand still while the machine is suspended, so a longer sleep is compared with the clock after each timer. */
const longestTimerMs = 60_000

type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>

/** @param clock - `timer` may resolve early if `signal` aborts, and never rejects */
export function createSleep(clock: {
  readonly now: () => number
  readonly timer: (ms: number, signal: AbortSignal | undefined) => Promise<unknown>
}): Sleep {
  return async (ms, signal) => {
    const endMs = clock.now() + ms
    let leftMs = ms
    do {
      await clock.timer(Math.min(leftMs, longestTimerMs), signal)
      leftMs = endMs - clock.now()
    } while (ms > longestTimerMs && leftMs > 0 && !signal?.aborted)
  }
}
