import type { RecordedObject } from '../../../requests/rollouts/record.ts'
import { marginMs } from './margin.ts'

/** An object that the controller reads again and again. All times are by the API server's clock, but for those of an answer. */
export interface KnownObject extends RecordedObject {
  /** When this version was last the one that the vault answered with. Absent after a restart of the controller. */
  readonly lastSeenMs?: number
  /** Tells whether another version has the same bytes. Absent after a restart: digests aren't written anywhere. */
  readonly digest?: string
}

/** What a vault has answered. Its times are by the clock of the vault. */
interface ObjectAnswer {
  readonly version: string
  readonly createdMs?: number | undefined
  /** When its attributes were last set. A version may have been disabled until then. */
  readonly updatedMs?: number | undefined
  readonly digest?: string
}

/**
 * Notes what a vault has answered, and when the value of the object became another one.
 *
 * @param times - `sinceMs`: the beginning of the account. The version that an object had then isn't a change
 */
export function observeObject(
  before: KnownObject | undefined,
  answer: ObjectAnswer,
  times: { readonly nowMs: number; readonly sinceMs: number },
): KnownObject {
  const { version, digest } = answer
  const { nowMs } = times
  const seen = { version, lastSeenMs: nowMs, ...(digest !== undefined && { digest }) }
  const hasSameBytes = digest !== undefined && digest === before?.digest
  const changedMs =
    before === undefined
      ? changeBeforeFirstLook(answer, times)
      : version === before.version || hasSameBytes
        ? before.changedMs
        : changeSince(before, answer, times)
  return { ...seen, ...(changedMs !== undefined && { changedMs }) }
}

/** A pod that uses a new object may be found hours after it started, and the object may have changed meanwhile. */
function changeBeforeFirstLook(
  { createdMs = 0 }: ObjectAnswer,
  { nowMs, sinceMs }: { readonly nowMs: number; readonly sinceMs: number },
): number | undefined {
  // The clock of such a vault says nothing.
  const isInFuture = createdMs > nowMs + marginMs
  return isInFuture || createdMs <= sinceMs ? undefined : Math.min(createdMs, nowMs)
}

/**
 * A version whose dates lie before we last saw another one was restored, or the clock of the vault is slow. One that is dated in the
 * future shows a fast clock. Both count from now on, when they are first seen.
 */
function changeSince(
  { lastSeenMs, changedMs }: KnownObject,
  { createdMs = 0, updatedMs = 0 }: ObjectAnswer,
  { nowMs, sinceMs }: { readonly nowMs: number; readonly sinceMs: number },
): number {
  const earliestMs = lastSeenMs ?? changedMs ?? sinceMs
  const answeredMs = Math.max(createdMs, updatedMs)
  return answeredMs <= earliestMs || answeredMs > nowMs ? nowMs : answeredMs
}
