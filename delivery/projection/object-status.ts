import { backoffSpanMs } from '../../lib/backoff.ts'
import type { AkvError } from '../../lib/errors/akv-error.ts'

/** How the refreshes of one object went. */
export interface ObjectStatus {
  /** Failed refreshes in a row, without those that failed because the vault served no object. */
  readonly failures: number
  /** The object isn't requested before this time. */
  readonly dueAtMs: number
  /** When its value was last known to match the vault. Absent: never. */
  readonly goodAtMs?: number
  /** Why the last refresh failed. Absent: it didn't. */
  readonly error?: AkvError
  /** The last refresh failed because the vault served no object. */
  readonly isUnserved?: true
}

/** A vault that has recovered, or a role that was granted, is noticed within this time. */
const maxBackoffMs = 15 * 60 * 1000
const maxBackoffIntervals = 8

export const goodStatus = (goodAtMs: number): ObjectStatus => ({
  failures: 0,
  dueAtMs: 0,
  goodAtMs,
})

export const unknownStatus: ObjectStatus = { failures: 0, dueAtMs: 0 }

/**
 * The status of an object that the vault couldn't serve, like any other object. It skips no refresh: one request per
 * refresh finds out when the outage is over. It waits only for the time that the service's `Retry-After` says.
 */
export const unservedStatus = (
  before: ObjectStatus,
  { error, nowMs }: { readonly error: AkvError; readonly nowMs: number },
): ObjectStatus => ({
  ...before,
  dueAtMs: nowMs + (error.retryAfterMs ?? 0),
  error,
  isUnserved: true,
})

/**
 * The status after one more failure of this object alone. The object skips 0, 1, 3 and then 7 refreshes, but waits at most
 * 15 minutes (or one interval if that is longer), and at least as long as the service's `Retry-After` says.
 */
export function failedStatus(
  before: ObjectStatus,
  failure: { readonly error: AkvError; readonly nowMs: number; readonly intervalMs: number },
): ObjectStatus {
  const { error, nowMs, intervalMs } = failure
  const { isUnserved: _, ...kept } = before
  const failures = before.failures + 1
  const longestMs = Math.min(intervalMs * maxBackoffIntervals, Math.max(maxBackoffMs, intervalMs))
  const backoffMs = backoffSpanMs({ firstMs: intervalMs, longestMs, failures })
  // Intervals vary by a tenth. Half an interval less, so that the refresh that ends the back-off isn't just missed.
  const waitMs = Math.max(backoffMs - intervalMs / 2, error.retryAfterMs ?? 0)
  return { ...kept, failures, dueAtMs: nowMs + waitMs, error }
}

/** Whole seconds since the value was last known to match the vault. Undefined: it never was. */
export function staleSeconds({ goodAtMs }: ObjectStatus, nowMs: number): number | undefined {
  return goodAtMs === undefined ? undefined : Math.max(0, Math.floor((nowMs - goodAtMs) / 1000))
}
