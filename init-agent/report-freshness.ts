import { describeObject } from '../keyvault/reference.ts'
import type { AgentContext } from './agent-context.ts'
import { staleSeconds } from './projection/object-status.ts'
import type { RefreshState } from './projection/refresh-content.ts'
import { objectKey, wantedObjects } from './projection/wanted-objects.ts'

/** Container runtimes cut a log line at 16 KiB. */
const mostReportedObjects = 20

/** What became of one round. */
export interface Round {
  readonly statuses: RefreshState['statuses']
  /** Whether the pod has the values of this round. */
  readonly isWritten: boolean
}

/**
 * Logs which objects could not be refreshed, in one line a round whatever their number; and once each of them, and all of
 * them, are fresh again, with how long they were stale.
 *
 * @returns reports one round; it remembers what it has reported
 */
export function reportFreshness({
  config,
  clock,
  log,
}: Pick<AgentContext, 'config' | 'clock' | 'log'>): (round: Round) => void {
  /** Since when each object is stale, by `objectKey`. */
  const stale = new Map<string, number>()
  let outageSinceMs = Number.POSITIVE_INFINITY
  const secondsSince = (sinceMs: number) => Math.max(0, Math.floor((clock.now() - sinceMs) / 1000))

  return ({ statuses, isWritten }) => {
    const failed: Record<string, unknown>[] = []
    const recovered: Record<string, unknown>[] = []
    for (const wanted of wantedObjects(config)) {
      const key = objectKey(wanted.reference, wanted)
      const object = describeObject(wanted.reference)
      const status = statuses.get(key)
      const sinceMs = stale.get(key)
      if (status?.error !== undefined) {
        const { code, message } = status.error
        failed.push({
          object,
          code,
          reason: message,
          staleSeconds: staleSeconds(status, clock.now()),
        })
        stale.set(key, sinceMs ?? status.goodAtMs ?? clock.now())
      } else if (sinceMs !== undefined && isWritten) {
        recovered.push({ object, staleSeconds: secondsSince(sinceMs) })
        stale.delete(key)
      }
    }
    outageSinceMs = Math.min(outageSinceMs, ...stale.values())
    if (recovered.length > 0) log.info('objects are up to date again', bounded(recovered))
    if (failed.length > 0)
      log.warn(
        'some objects could not be refreshed; the pod keeps their last values',
        bounded(failed),
      )
    if (stale.size > 0 || outageSinceMs === Number.POSITIVE_INFINITY) return
    log.info('all objects are up to date again', { staleSeconds: secondsSince(outageSinceMs) })
    outageSinceMs = Number.POSITIVE_INFINITY
  }
}

const bounded = (objects: readonly unknown[]) => ({
  count: objects.length,
  objects: objects.slice(0, mostReportedObjects),
})
