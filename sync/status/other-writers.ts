import { printable } from '../../lib/printable.ts'
import { parseDuration } from '../../lib/values/parse-duration.ts'
import type {
  SeenStatus,
  SeenWithStatus,
  StatusWrite,
} from '../../requests/external-secret/seen-external-secret.ts'

/** Another controller may be running, most likely the External Secrets Operator. It writes a status at each refresh. */
export interface OtherWriters {
  /** Why nothing is done for an ExternalSecret, by its name. */
  readonly problems: ReadonlyMap<string, string>
  /** When the first of them may be ours: in so many milliseconds. Undefined if there are none. */
  readonly nextAfterMs: number | undefined
}

const minuteMs = 60_000
/** A controller counts as running for two of its refreshes, and at least for this time. */
const minWindowMs = 10 * minuteMs
const defaultIntervalMs = 60 * minuteMs
/** How far the clocks of several API servers may differ. A write at a later time never happened. */
const maxAheadMs = minWindowMs
/** How long a new ExternalSecret is left to a controller that runs in the namespace. */
const newcomerMs = minuteMs

/**
 * Decides which ExternalSecrets of a namespace are managed by another controller.
 *
 * @param nowMs - by the API server's clock, which also dates the writes
 */
export function otherWriters(all: readonly SeenWithStatus[], nowMs: number): OtherWriters {
  const problems = new Map<string, string>()
  const ends: number[] = []
  let running: string | undefined
  for (const seen of all) {
    const write = lastWrite(seen.status, nowMs)
    if (write === undefined) continue
    const windowMs = windowOf(seen)
    const endMs = write.atMs + windowMs
    if (endMs <= nowMs) continue
    const manager = printable(write.manager, 63)
    running ??= manager
    ends.push(endMs)
    // Without the time of the write: a problem that changes starts a round that asks for all values of the account.
    problems.set(
      seen.name,
      `is managed by ${manager}, which wrote its status in the last ${Math.ceil(windowMs / minuteMs)} minutes; stop that controller for this namespace first`,
    )
  }
  if (running !== undefined)
    for (const { name, createdAtMs, status } of all) {
      const endMs = createdAtMs + newcomerMs
      if (lastWrite(status, nowMs) !== undefined || endMs <= nowMs) continue
      ends.push(endMs)
      problems.set(
        name,
        `is new, and ${running} is running in this namespace; stop that controller first`,
      )
    }
  return { problems, nextAfterMs: ends.length === 0 ? undefined : Math.min(...ends) - nowMs }
}

/**
 * After how many milliseconds we may write the status of a store. If we wrote it just after another controller, that
 * controller could write it again, and so on without end.
 */
export function storeFreeAfterMs({ status }: SeenWithStatus, nowMs: number): number {
  const write = lastWrite(status, nowMs)
  return write === undefined ? 0 : Math.max(0, write.atMs + minWindowMs - nowMs)
}

/** The last write by another manager. A time in the far future would make its controller seem to run forever. */
const lastWrite = ({ otherWrites = [] }: SeenStatus, nowMs: number): StatusWrite | undefined =>
  otherWrites.find(({ atMs }) => atMs <= nowMs + maxAheadMs)

function windowOf({ content }: SeenWithStatus): number {
  const { refreshInterval = '' } = content.kind === 'kept' ? content : {}
  const parsed = parseDuration(refreshInterval)
  const intervalMs = parsed.kind === 'valid' ? parsed.value * 1000 : defaultIntervalMs
  return Math.max(minWindowMs, 2 * intervalMs)
}
