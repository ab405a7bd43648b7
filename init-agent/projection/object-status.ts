import { backoffSpanMs } from '../../lib/backoff.ts'
import type { AkvError } from '../../lib/errors/akv-error.ts'

/** How an object has fared over the refreshes. */
export interface ObjectStatus {
  /** Rounds in a row without a good value. */
  readonly failures: number
  /** It isn't asked for before. */
  readonly dueAtMs: number
  /** When its value was last known to be the vault's; absent: never. */
  readonly goodAtMs?: number
  /** Why it failed last; absent: it didn't. */
  readonly error?: AkvError
}

/** A vault that is back, or a role that is there, should be noticed in reasonable time. */
const longestBackOffMs = 15 * 60 * 1000
const mostIntervals = 8

export const goodStatus = (goodAtMs: number): ObjectStatus => ({
  failures: 0,
  dueAtMs: 0,
  goodAtMs,
})

export const unknownStatus: ObjectStatus = { failures: 0, dueAtMs: 0 }

/**
 * One failure more: it sits out 0, 1, 3 and then 7 refreshes, but never longer than a quarter of an hour (or one
 * interval, where that is longer), nor less than the service asked for.
 */
export function failedStatus(
  before: ObjectStatus,
  failure: { readonly error: AkvError; readonly nowMs: number; readonly intervalMs: number },
): ObjectStatus {
  const { error, nowMs, intervalMs } = failure
  const longestMs = Math.min(intervalMs * mostIntervals, Math.max(longestBackOffMs, intervalMs))
  const failures = before.failures + 1
  const backOffMs = backoffSpanMs({ firstMs: intervalMs, longestMs, failures })
  // Intervals vary by a tenth: half a one less, so that the last isn't missed by a hair.
  const ownMs = backOffMs - intervalMs / 2
  return {
    ...before,
    failures,
    dueAtMs: nowMs + Math.max(ownMs, error.retryAfterMs ?? 0),
    error,
  }
}

/** Whole seconds since the value was known to be good. */
export function staleSeconds({ goodAtMs }: ObjectStatus, nowMs: number): number | undefined {
  return goodAtMs === undefined ? undefined : Math.max(0, Math.floor((nowMs - goodAtMs) / 1000))
}
