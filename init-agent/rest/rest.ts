import { setImmediate } from 'node:timers/promises'
import {
  type AgentConfig,
  servesBetweenRefreshes,
  worksBetweenRefreshes,
} from '../../delivery/contract.ts'
import type { ObjectStatus } from '../../delivery/projection/object-status.ts'
import type { RefreshState } from '../../delivery/projection/refresh-content.ts'
import { segmentValues } from '../../delivery/projection/wanted-objects.ts'
import type { ObjectDates } from '../../keyvault/clients/object-client.ts'
import type { VaultToken } from '../../keyvault/entra/sign-in.ts'
import type { Clock } from '../../lib/clock.ts'
import { handTime } from '../../lib/handed-time.ts'
import type { VaultLatencies } from '../../lib/metrics/vault-latency.ts'
import { leaveHandover } from './handover.ts'
import { canReplaceProcess, isReplaced, type Program, replaceProcess } from './replace-process.ts'

/**
 * Called before each wait. Doesn't return if it replaces the process.
 *
 * @param wait - `untilRefreshMs`: until the next refresh, which may come later than the end of this wait
 */
export type Rest = (
  state: RefreshState,
  wait: { readonly waitMs: number; readonly untilRefreshMs: number },
) => Promise<void>

interface RestOptions {
  readonly config: AgentConfig
  /** Absent: this process is never replaced. */
  readonly program?: Program | undefined
  /** A folder of one of the volumes. */
  readonly folder: string
  readonly heldToken: () => VaultToken | undefined
  /** The mark of the last request for a refresh, or undefined if the agent can't see requests. */
  readonly seen: () => string | undefined
  /** The dates of the objects of the first fetch, for metrics. */
  readonly dates: ReadonlyMap<string, ObjectDates>
  /** Those of the first fetch, for metrics. */
  readonly latencies: VaultLatencies | undefined
  /** Called before the process is replaced. */
  readonly onEnd: () => void
  readonly clock: Clock
  readonly signal: AbortSignal
}

/**
 * Lets the agent hold as little memory as it can while it waits. It changes the form of its process only when all
 * objects are up to date. During an outage it stays as it is, so that nothing about failures has to be handed over.
 */
export function createRest(options: RestOptions): Rest {
  const { config, program, folder, heldToken, clock, signal } = options
  const form = restingForm(config)
  const dates = servesBetweenRefreshes(config) && { dates: Object.fromEntries(options.dates) }
  const measured = () => {
    const latencies = options.latencies?.all()
    return latencies && { latencies }
  }
  return async (state, { waitMs, untilRefreshMs }) => {
    const goodAtMs = upToDateSince([...state.statuses.values()])
    if (program === undefined || goodAtMs === undefined || !canReplaceProcess()) return
    if (form === 'agent' && isReplaced()) return
    options.onEnd()
    const token = heldToken()
    const goodAt = handTime(goodAtMs, clock)
    if (!leaveHandover(folder, { goodAt, ...(token && { token }), ...dates, ...measured() })) return
    // A signal that has arrived by now still gets its answer.
    await setImmediate()
    if (signal.aborted || process.stdout.writableLength > 0) return
    const seen = options.seen()
    replaceProcess(
      program,
      form === 'agent'
        ? { form, afterMs: untilRefreshMs, seen }
        : { form, afterMs: waitMs, thenAfterMs: untilRefreshMs - waitMs, seen },
    )
  }
}

/**
 * An agent that serves metrics or watches for stale objects works between refreshes, so it can't wait in another process. One
 * that builds on values that no file holds doesn't do so either: versions of a history would be fetched again each time, and a
 * template could lose the value of an object that is unavailable. Finds would fetch every secret again, because the dates of the
 * last list would be lost.
 */
function restingForm(config: AgentConfig): 'agent' | 'waiting' {
  const { files, finds, templates } = config
  const buildsOnValues =
    finds !== undefined ||
    files.some(({ versions }) => versions !== undefined) ||
    templates.some(({ segments }) => segmentValues(segments).length > 1)
  return worksBetweenRefreshes(config) || buildsOnValues ? 'agent' : 'waiting'
}

/** When the objects were last known to match the vault. Undefined if any has failed since. */
function upToDateSince(statuses: readonly ObjectStatus[]): number | undefined {
  const times = statuses.flatMap(({ error, goodAtMs }) =>
    error === undefined && goodAtMs !== undefined ? [goodAtMs] : [],
  )
  return times.length === statuses.length && times.length > 0 ? Math.max(...times) : undefined
}
