import type { AgentState } from '../../../delivery/agent-state.ts'
import { createSaidReader } from '../../../operate/cluster/pods/agent-said.ts'

/** The newest complete state in these lines of a log, oldest first, as the commands read it. */
export function readAgentStates(lines: readonly string[]): AgentState | undefined {
  const reader = createSaidReader()
  for (const line of lines) reader.read(Buffer.from(line))
  return reader.end().state
}
