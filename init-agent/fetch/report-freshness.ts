import { type ObjectStatus, staleSeconds } from '../../delivery/projection/object-status.ts'
import { wantedKey, wantedObjects } from '../../delivery/projection/wanted-objects.ts'
import { describeObject } from '../../keyvault/reference.ts'
import type { AzureIds } from '../../lib/errors/akv-error.ts'
import type { AgentContext } from '../context/agent-context.ts'
import type { RefreshResult } from '../metrics/agent-figures.ts'

/** Container runtimes cut a log line at 16 KiB. */
const maxReportedObjects = 20

/**
 * Logs which objects could not be refreshed: one line for each refresh, however many they are. Logs once when an object,
 * and when every object, is up to date again, and for how long it was stale.
 *
 * @returns reports one refresh, and remembers what it has reported
 */
export function reportFreshness(context: ReportContext): (result: ReportedResult) => void {
  const { clock, log } = context
  const staleSinceMs: StaleObjects = new Map()
  let outageSinceMs = Number.POSITIVE_INFINITY
  return (result) => {
    const { failed, recovered } = updateStaleObjects(staleSinceMs, {
      ...{ ...context, ...result },
      config: result.config ?? context.config,
    })
    outageSinceMs = Math.min(outageSinceMs, ...staleSinceMs.values())
    if (recovered.length > 0) log.info('objects are up to date again', bounded(recovered))
    if (failed.length > 0)
      log.warn('some objects could not be refreshed; the pod keeps their last values', {
        ...bounded(failed),
        azureIds: firstAzureIds(result),
      })
    if (staleSinceMs.size > 0 || outageSinceMs === Number.POSITIVE_INFINITY) return
    log.info('all objects are up to date again', {
      staleSeconds: secondsBetween(outageSinceMs, clock.now()),
    })
    outageSinceMs = Number.POSITIVE_INFINITY
  }
}

/** Those of one failed request suffice for Microsoft's support, and a line with those of all could be too long. */
const firstAzureIds = ({ statuses }: Pick<ReportedResult, 'statuses'>): AzureIds | undefined => {
  const failed = [...statuses.values()].find(({ error }) => error?.azureIds !== undefined)
  return failed?.error?.azureIds
}

interface ReportedResult extends Pick<RefreshResult, 'config' | 'statuses' | 'isWritten'> {
  /** When the next refresh of all objects is due. */
  readonly nextRegularAtMs: number
}

type ReportContext = Pick<AgentContext, 'config' | 'clock' | 'log'>

/** When each stale object became stale, by `objectKey`. */
type StaleObjects = Map<string, number>

/** Adds the objects that failed and removes those that are up to date again. Returns both as log fields. */
function updateStaleObjects(
  staleSinceMs: StaleObjects,
  { config, clock, statuses, isWritten, nextRegularAtMs }: ReportContext & ReportedResult,
) {
  const failed: Record<string, unknown>[] = []
  const recovered: Record<string, unknown>[] = []
  const nowMs = clock.now()
  const objects = new Map(wantedObjects(config).map((object) => [wantedKey(object), object]))
  // A secret that is no longer found isn't stale. It isn't reported as up to date again either.
  for (const key of staleSinceMs.keys()) if (!objects.has(key)) staleSinceMs.delete(key)
  for (const [key, wanted] of objects) {
    const object = describeObject(wanted.reference)
    const status = statuses.get(key)
    const sinceMs = staleSinceMs.get(key)
    if (status?.error !== undefined) {
      const { code, message: reason } = status.error
      failed.push({
        ...{ object, code, reason, staleSeconds: staleSeconds(status, nowMs) },
        ...(config.refreshSeconds > 0 && {
          retryInSeconds: retryInSeconds(status, { nowMs, nextRegularAtMs }),
        }),
      })
      staleSinceMs.set(key, sinceMs ?? status.goodAtMs ?? nowMs)
    } else if (sinceMs !== undefined && isWritten) {
      recovered.push({ object, staleSeconds: secondsBetween(sinceMs, nowMs) })
      staleSinceMs.delete(key)
    }
  }
  return { failed, recovered }
}

/** Not before this time has passed. After a 429, the agent doesn't wait for the next refresh of all objects. */
function retryInSeconds(
  { dueAtMs, error }: ObjectStatus,
  { nowMs, nextRegularAtMs }: { readonly nowMs: number } & Pick<ReportedResult, 'nextRegularAtMs'>,
): number {
  const atMs = error?.code === 'AKV_THROTTLED' ? dueAtMs : Math.max(dueAtMs, nextRegularAtMs)
  return secondsBetween(nowMs, atMs)
}

const secondsBetween = (sinceMs: number, nowMs: number): number =>
  Math.max(0, Math.floor((nowMs - sinceMs) / 1000))

const bounded = (objects: readonly unknown[]) => ({
  count: objects.length,
  objects: objects.slice(0, maxReportedObjects),
})
