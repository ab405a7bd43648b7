import { globSync } from 'node:fs'
import { join, relative } from 'node:path'
import { lastLines } from '../../harness/last-lines.ts'

/** Returns the last log lines of each container in a namespace, to explain a failure. */
export function podLogs(folder: string, namespace: string): string {
  const logs = join(folder, 'pod-logs')
  return globSync(join(logs, `${namespace}_*/*/*.log`))
    .map((file) => `${relative(logs, file)}:\n${lastLines(file)}`)
    .join('\n')
}
