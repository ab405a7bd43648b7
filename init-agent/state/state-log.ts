import { type AgentState, stateLines, stateMessage } from '../../delivery/agent-state.ts'
import { createLog, type Log, writeToStdout } from '../../lib/log/log.ts'
import type { LogLevel } from '../../lib/log/log-level.ts'

/** Whoever reads the last 150 lines of the log finds a state. */
const repeatAfterLines = 100

/** The agent's log, with the lines that say what the agent holds. */
export interface StateLog {
  readonly log: Log
  /** Writes a state, whatever the log's level is, and repeats it after each 100 other lines. */
  tell(state: AgentState): void
  /** Goes on where a process before has written this state, and `lines` others since. */
  resume(state: AgentState, lines: number): void
  /** How many other lines were written since the last state. */
  linesSince(): number
}

export function openStateLog(options: {
  readonly level: LogLevel
  readonly write?: (line: string) => void
  readonly now?: () => number
}): StateLog {
  const { level, write = writeToStdout, now = Date.now } = options
  const stateLog = createLog({ level: 'info', write, now })
  let told: AgentState | undefined
  let lines = 0
  const tell = (state: AgentState) => {
    told = state
    lines = 0
    for (const part of stateLines(state)) stateLog.info(stateMessage, part)
  }
  const countLine = (line: string) => {
    write(line)
    lines++
    if (told && lines >= repeatAfterLines) tell({ ...told, at: new Date(now()).toISOString() })
  }
  return {
    log: createLog({ level, write: countLine, now }),
    tell,
    resume(state, linesBefore) {
      told = state
      lines = linesBefore
    },
    linesSince: () => lines,
  }
}
