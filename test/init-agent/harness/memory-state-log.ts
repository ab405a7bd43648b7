import { stateMessage } from '../../../delivery/agent-state.ts'
import { openStateLog, type StateLog } from '../../../init-agent/state/state-log.ts'
import type { LogLevel } from '../../../lib/log/log-level.ts'
import type { MemoryLog } from '../../support/memory-log.ts'

interface MemoryStateLog {
  readonly stateLog: StateLog
  /** Without the states. */
  readonly lines: MemoryLog['lines']
  /** All lines as they were written. */
  readonly written: readonly string[]
}

/** The agent's log, in memory. */
export function memoryStateLog(level: LogLevel = 'debug'): MemoryStateLog {
  const lines: MemoryLog['lines'][number][] = []
  const written: string[] = []
  const write = (line: string) => {
    written.push(line)
    const read = JSON.parse(line)
    if (read.message !== stateMessage) lines.push(read)
  }
  return { stateLog: openStateLog({ level, write, now: () => 0 }), lines, written }
}
