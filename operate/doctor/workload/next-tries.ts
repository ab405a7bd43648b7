import { readLogLine } from '../../../lib/log/read-log-line.ts'
import { objectsAt } from '../../../lib/shape.ts'
import { textAt, timeAt } from '../model/objects.ts'
import type { WorkloadFacts } from '../model/workload-facts.ts'

/** When the agent tries again to refresh an object, by the newest line of its log that says so (init-agent/fetch/report-freshness.ts). */
export function readNextTries(logs: WorkloadFacts['logs']): ReadonlyMap<string, string> {
  const tries = new Map<string, string>()
  for (const log of logs)
    for (const line of log.kind === 'read' ? log.value : [])
      for (const one of objectsAt(readLogLine(line), 'objects')) {
        const object = textAt(one, 'object')
        const atMs = timeAt(one, 'retryAt')
        if (object !== '' && atMs !== undefined) tries.set(object, new Date(atMs).toISOString())
      }
  return tries
}
