import type { Clock } from '../clock.ts'

/**
 * Creates a token bucket for each key, which all begin full.
 *
 * @param options - `burst`: how many tokens a bucket holds; `refillMs`: after how long it gets another one
 */
export function createTokenBuckets(options: {
  readonly burst: number
  readonly refillMs: number
  readonly clock: Pick<Clock, 'now'>
}) {
  const { burst, refillMs, clock } = options
  const fullAtMs = new Map<string, number>()
  let sweepAtMs = clock.now() + refillMs
  /** Full buckets aren't kept for long. Looking through all of them each time would cost too much with thousands of keys. */
  function sweep(nowMs: number): void {
    if (nowMs < sweepAtMs) return
    sweepAtMs = nowMs + refillMs
    for (const [key, atMs] of fullAtMs) if (atMs <= nowMs) fullAtMs.delete(key)
  }
  const afterOneMore = (key: string, nowMs: number) =>
    Math.max(fullAtMs.get(key) ?? 0, nowMs) + refillMs
  const fits = (atMs: number, nowMs: number) => atMs - nowMs <= burst * refillMs
  return {
    /** Whether the bucket of the key has a token. */
    has(key: string): boolean {
      const nowMs = clock.now()
      return fits(afterOneMore(key, nowMs), nowMs)
    },
    /** Takes a token. False if there is none. */
    take(key: string): boolean {
      const nowMs = clock.now()
      sweep(nowMs)
      const atMs = afterOneMore(key, nowMs)
      if (!fits(atMs, nowMs)) return false
      fullAtMs.set(key, atMs)
      return true
    },
    /** When the bucket will be full again; in the past if it is full. */
    fullAtMs: (key: string) => fullAtMs.get(key) ?? 0,
  }
}
