import { createLog, type Log } from '../../lib/log/log.ts'

export interface MemoryLog {
  readonly log: Log
  readonly lines: readonly {
    level: string
    message: string
    code?: string
    [name: string]: unknown
  }[]
}

export function memoryLog(): MemoryLog {
  const lines: MemoryLog['lines'][number][] = []
  const log = createLog({
    level: 'debug',
    write: (line) => lines.push(JSON.parse(line)),
    now: () => 0,
  })
  return { log, lines }
}
