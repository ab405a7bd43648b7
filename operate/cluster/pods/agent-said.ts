import { type AgentState, createStateReader, stateMessage } from '../../../delivery/agent-state.ts'
import type { AkvErrorCode } from '../../../lib/errors/akv-error.ts'
import { errorTable } from '../../../lib/errors/error-table.ts'
import { readLogLine } from '../../../lib/log/read-log-line.ts'
import { printable } from '../../../lib/printable.ts'
import type { JsonObject } from '../../../lib/shape.ts'
import type { LineReader } from './log-lines.ts'

/** The part of an agent's log that the commands keep. */
export interface AgentSaid {
  /** The newest complete state. */
  readonly state?: AgentState | undefined
  /** The last warning or error with a code. */
  readonly warning?: AgentWarning | undefined
}

interface AgentWarning {
  readonly code: AkvErrorCode
  readonly why: string
}

/** A warning may fill a whole line, and there are many pods. */
const maxWhyLength = 1000

const stateMark = Buffer.from(`"${stateMessage}"`)
const warningMarks = ['"warn"', '"error"'].map((mark) => Buffer.from(mark))

/**
 * Reads an agent's log. It parses only lines that look like the agent's state or a warning, because any process in the
 * container could have written the others.
 */
export function createSaidReader(): LineReader<AgentSaid> {
  const states = createStateReader()
  let warning: AgentWarning | undefined
  return {
    read(line) {
      const isState = line.includes(stateMark)
      if (!isState && !warningMarks.some((mark) => line.includes(mark))) return
      const read = readLogLine(line.toString())
      if (read === undefined) return
      if (isState && read['message'] === stateMessage) states.read(read)
      else warning = warningOf(read) ?? warning
    },
    end: () => ({ state: states.newest(), warning }),
  }
}

function warningOf({ level, code, message }: JsonObject): AgentWarning | undefined {
  const isWarning = level === 'warn' || level === 'error'
  return isWarning && isCode(code) && typeof message === 'string'
    ? { code, why: printable(message, maxWhyLength) }
    : undefined
}

/** Whether a text is the code of an AkvError. */
export const isCode = (text: unknown): text is AkvErrorCode =>
  typeof text === 'string' && Object.hasOwn(errorTable, text)
