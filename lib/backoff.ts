import type { Clock } from './clock.ts'

interface BackoffSpan {
  readonly firstMs: number
  readonly longestMs: number
  /** Failures in a row, at least 1. */
  readonly failures: number
}

/** Returns the span before the next try. It doubles with each failure in a row. */
export const backoffSpanMs = ({ firstMs, longestMs, failures }: BackoffSpan): number =>
  Math.min(longestMs, firstMs * 2 ** (failures - 1))

/**
 * Returns how long to wait before the next try: a random part of {@link backoffSpanMs}.
 *
 * - `full`: anything from 0 to the span. Many clients that failed together spread their next tries over all of it.
 * - `half`: from half the span to the span. For a single client, which should never try again at once.
 */
export function backoffMs(
  options: BackoffSpan & {
    readonly jitter: 'full' | 'half'
    readonly clock: Pick<Clock, 'random'>
  },
): number {
  const part = options.clock.random()
  return backoffSpanMs(options) * (options.jitter === 'full' ? part : (1 + part) / 2)
}
