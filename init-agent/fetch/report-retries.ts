import type { Deadline } from '../../delivery/projection/deadline.ts'
import type { Clock } from '../../lib/clock.ts'
import type { AkvError } from '../../lib/errors/akv-error.ts'
import type { Log } from '../../lib/log/log.ts'

const firstIntervalMs = 15_000
const maxIntervalMs = 5 * 60_000

/**
 * Logs failures that are retried. The first failure of each source and code is a warning with the remedy. While it lasts,
 * more follow after 15 s, 30 s, 60 s and so on, up to every 5 minutes. The failures in between are logged at debug level.
 *
 * @returns reports one failed try; `source` is the vault's name or `sign-in`
 */
export function reportRetries(options: {
  readonly log: Log
  readonly clock: Clock
  readonly deadline: Deadline
}): (source: string, error: AkvError) => void {
  const { log, clock } = options
  const kinds = new Map<string, { tries: number; nextMs: number; intervalMs: number }>()
  return (source, error) => {
    const { code, issuer, azureIds, message, facts } = error
    const nowMs = clock.now()
    const kind = `${source} ${code}`
    const { tries, nextMs, intervalMs } = kinds.get(kind) ?? {
      tries: 0,
      nextMs: 0,
      intervalMs: firstIntervalMs,
    }
    const isDue = nowMs >= nextMs
    kinds.set(kind, {
      tries: tries + 1,
      nextMs: isDue ? nowMs + intervalMs : nextMs,
      intervalMs: isDue ? Math.min(intervalMs * 2, maxIntervalMs) : intervalMs,
    })
    const details = { code, issuer, azureIds, tries: tries + 1 }
    if (isDue)
      log.warn(`${message}; ${outlook(error, options)}`, { ...details, remedy: facts.remedy })
    else log.debug(message, details)
  }
}

function outlook(
  { code, retryAfterMs = 0 }: AkvError,
  { clock, deadline }: { readonly clock: Clock; readonly deadline: Deadline },
): string {
  if (deadline.outlasts(code)) return 'retrying until this is over'
  const end = timeOfDay(clock.wallTime() + deadline.atMs() - clock.now())
  if (retryAfterMs > 0 && clock.now() + retryAfterMs >= deadline.atMs())
    return `the vault is paused for ${Math.ceil(retryAfterMs / 1000)} s, which is longer than the time that is left; giving up at ${end}`
  return code === 'AKV_THROTTLED'
    ? `waiting for the vault's limit, which does not count towards the timeout for up to 15 minutes; retrying until ${end}`
    : `retrying until ${end}`
}

/** ISO 8601 writes later years with more digits, and a `Date` can't express every number. */
const latestMs = Date.UTC(9999, 11, 31, 23, 59, 59)

/** `12:34:56 UTC` */
const timeOfDay = (ms: number): string =>
  `${new Date(Math.min(ms, latestMs)).toISOString().slice(11, 19)} UTC`
