import { AkvError } from '../keyvault/errors.ts'
import type { Clock } from './clock.ts'

const firstWaitMs = 500
const longestWaitMs = 15_000

export interface RetryOptions {
  readonly clock: Clock
  /** When the last try may start, in milliseconds since 1970. In the past: one try. */
  readonly deadlineMs: number
  /** Ends the waiting; a try that runs is not cut off. */
  readonly signal?: AbortSignal
  /** Told of each failure that is to be waited out, before the wait. */
  readonly onFailure: (error: AkvError) => void
}

/**
 * Tries until it succeeds, fails in a way that doesn't heal, or the deadline is there: then throws the last error.
 * Waits with full jitter (a random part of a doubling span), so that many pods that started together part; a
 * service's own `Retry-After` goes before.
 */
export async function retry<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, deadlineMs, signal, onFailure } = options
  for (let failures = 1; ; failures++) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof AkvError) || !error.facts.heals) throw error
      const leftMs = deadlineMs - clock.now()
      if (leftMs <= 0 || signal?.aborted) throw error
      onFailure(error)
      const { retryAfterMs = 0 } = error
      const span = Math.min(longestWaitMs, firstWaitMs * 2 ** (failures - 1))
      const jitterMs = clock.random() * span
      await clock.sleep(Math.min(retryAfterMs + jitterMs, leftMs), signal)
      // Asked to wait longer than there is time, it has waited: whoever starts it again would not.
      if (signal?.aborted || retryAfterMs >= leftMs) throw error
    }
  }
}
