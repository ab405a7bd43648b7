import { readLogLine } from '../../../lib/log/read-log-line.ts'
import { type JsonObject, objectsAt } from '../../../lib/shape.ts'
import { textAt, timeAt } from '../model/objects.ts'
import type { WorkloadFacts } from '../model/workload-facts.ts'

/** When the agent tries again to refresh an object, by the newest line of its log that says so (init-agent/fetch/report-freshness.ts). */
export function readNextTries(logs: WorkloadFacts['logs']): ReadonlyMap<string, string> {
  const tries = new Map<string, string>()
  for (const log of logs)
    for (const line of log.kind === 'read' ? log.value : []) readTries(readLogLine(line), tries)
  return tries
}

function readTries(line: JsonObject | undefined, tries: Map<string, string>): void {
  const loggedAtMs = timeAt(line, 'time')
  if (loggedAtMs === undefined) return
  for (const one of objectsAt(line, 'objects')) {
    const object = textAt(one, 'object')
    const { retryInSeconds } = one
    const atMs = loggedAtMs + Number(retryInSeconds) * 1000
    if (object !== '' && Math.abs(atMs) < latestMs) tries.set(object, new Date(atMs).toISOString())
  }
}

/** The line may not be the agent’s, and a `Date` can't express every number. */
const latestMs = Date.UTC(9999, 11, 31)
