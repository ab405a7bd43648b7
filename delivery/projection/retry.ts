import { backoffMs } from '../../lib/backoff.ts'
import type { Clock } from '../../lib/clock.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'
import type { Deadline } from './deadline.ts'

const backoff = { firstMs: 500, longestMs: 15_000, jitter: 'full' } as const

interface RetryOptions {
  readonly clock: Clock
  readonly deadline: Deadline
  /** Ends the waiting. A try that is in flight isn't aborted. */
  readonly signal?: AbortSignal
  /** Called with each failure that is going to be retried, before the wait. */
  readonly onFailure: (error: AkvError) => void
}

/**
 * Tries until the attempt succeeds, fails with an error that isn't retryable, or the deadline has passed.
 * Waits as long as the service's `Retry-After` says, and a random part of a doubling span (full jitter), so that pods
 * that started together don't retry together.
 *
 * @throws whatever the last try threw
 */
export async function retry<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, deadline, signal, onFailure } = options
  for (let failures = 1; ; failures++) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof AkvError) || !error.facts.isRetryable) throw error
      const nowMs = clock.now()
      if (deadline.atMs() <= nowMs || signal?.aborted) throw error
      const { retryAfterMs = 0 } = error
      const isPaused = error.code === 'AKV_THROTTLED' && retryAfterMs > 0
      // The pause of a throttling vault is random already.
      const waitMs = isPaused
        ? retryAfterMs
        : retryAfterMs + backoffMs({ ...backoff, failures, clock })
      deadline.extend({ nowMs, waitMs, code: error.code })
      onFailure(error)
      const leftMs = deadline.atMs() - nowMs
      await clock.sleep(Math.min(waitMs, leftMs), signal)
      // The service asked for a longer pause than we have. We still slept: a restarted agent would ask at once.
      if (signal?.aborted || retryAfterMs >= leftMs) throw error
    }
  }
}
