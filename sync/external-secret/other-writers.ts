import { printable } from '../../lib/printable.ts'
import { isObject } from '../../lib/shape.ts'
import { parseDuration } from '../../webhook/core/annotations/values/parse-duration.ts'
import type { SeenWithStatus } from './seen-external-secret.ts'

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
/** How long a new ExternalSecret is left to a controller that runs in the namespace. */
const newcomerMs = minuteMs

/** Decides which ExternalSecrets of a namespace are managed by another controller. */
export function otherWriters(all: readonly SeenWithStatus[], nowMs: number): OtherWriters {
  const problems = new Map<string, string>()
  const ends: number[] = []
  let running: string | undefined
  for (const seen of all) {
    const { writtenBy } = seen.status
    if (writtenBy === undefined) continue
    const windowMs = windowOf(seen)
    const endMs = writtenBy.atMs + windowMs
    if (endMs <= nowMs) continue
    const manager = printable(writtenBy.manager, 63)
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
      if (status.writtenBy !== undefined || endMs <= nowMs) continue
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
  const { writtenBy } = status
  return writtenBy === undefined ? 0 : Math.max(0, writtenBy.atMs + minWindowMs - nowMs)
}

function windowOf({ content }: SeenWithStatus): number {
  const spec = content.kind === 'kept' ? content.spec : undefined
  const interval = isObject(spec) ? spec['refreshInterval'] : undefined
  const parsed = parseDuration(typeof interval === 'string' ? interval : '')
  const intervalMs = parsed.kind === 'valid' ? parsed.value * 1000 : defaultIntervalMs
  return Math.max(minWindowMs, 2 * intervalMs)
}
