import { type AgentState, stateLines } from '../../../delivery/agent-state.ts'

/** The log of an agent that has said this. */
export const logOf = (...states: readonly AgentState[]): string =>
  states
    .flatMap(stateLines)
    .map((details) => logLine({ level: 'info', message: 'state', ...details }))
    .join('')

/** A line of a log, with its newline. */
export const logLine = (details: object): string =>
  `${JSON.stringify({ time: '2026-11-29T10:00:00.000Z', ...details })}\n`

export const [v1, v2, v3] = ['1', '2', '3'].map((digit) => digit.repeat(32)) as [
  string,
  string,
  string,
]

/** The state of an agent that holds one object. */
export const stateOf = (
  object: Partial<AgentState['objects'][number]> = {},
  at = '2026-11-29T10:00:00.000Z',
): AgentState => ({
  agent: '1.0.0',
  at,
  objects: [
    {
      object: 'secret team-a:db-password',
      versions: [v1],
      since: '2026-11-29T09:00:05.000Z',
      ...object,
    },
  ],
})
