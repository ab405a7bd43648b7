import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import {
  allOf,
  eachOf,
  only,
  parsed,
  type Read,
  required,
  textAs,
} from '../../lib/problems/read.ts'
import { parseGoDuration } from '../../lib/values/parse-go-duration.ts'
import { minRefreshSeconds } from '../annotations/pod-settings.ts'
import { parseCron } from '../schedule/cron.ts'
import { type RefreshSchedule, refreshPolicies } from '../schedule/refresh-due.ts'

/** More than any ExternalSecret should need. */
const maxWindows = 20
const maxDurationMs = 366 * 24 * 3_600_000
const defaultRefreshSeconds = 3600

/** Reads `refreshInterval`: whole seconds. */
export const readInterval: Read<number> = parsed(parseInterval)

/** A negative interval counts as 0, as with the operator. */
function parseInterval(text: string): Parsed<number> {
  const duration = parseDuration(text)
  return duration.kind === 'valid' ? valid(Math.max(0, Math.ceil(duration.value / 1000))) : duration
}

function parseDuration(text: string): Parsed<number> {
  const duration = parseGoDuration(text)
  return duration.kind === 'valid' && duration.value > maxDurationMs
    ? invalid('expected at most 8784h, which is a year')
    : duration
}

export const readPolicy = textAs(only(refreshPolicies))

const window = allOf({
  schedule: required(parsed(parseCron)),
  duration: required(parsed(parseDuration)),
})

/** Reads `syncWindows`. */
export const readWindows = allOf({
  kind: required(only(['allow', 'deny'])),
  windows: required(eachOf(window, maxWindows)),
})

/** When values are fetched. Below the minimum interval, it takes that. */
export function scheduleOf({
  refreshInterval = defaultRefreshSeconds,
  refreshPolicy: policy = 'Periodic',
  syncWindows,
}: {
  readonly refreshInterval?: number | undefined
  readonly refreshPolicy?: RefreshSchedule['policy'] | undefined
  readonly syncWindows?: ReturnType<typeof readWindows>
}): { readonly schedule: RefreshSchedule; readonly notes: readonly string[] } {
  const isBelow = refreshInterval > 0 && refreshInterval < minRefreshSeconds
  const windows = syncWindows?.windows.map(({ schedule, duration }) => ({
    opens: schedule,
    lastsMs: duration,
  }))
  return {
    schedule: {
      policy,
      intervalSeconds: isBelow ? minRefreshSeconds : refreshInterval,
      // As with the operator, an empty list allows everything.
      ...(syncWindows && windows?.length && { windows: { kind: syncWindows.kind, windows } }),
    },
    notes:
      isBelow && policy === 'Periodic'
        ? [
            `spec.refreshInterval ${refreshInterval}s is below the minimum, so values are fetched every ${minRefreshSeconds} s`,
          ]
        : [],
  }
}
