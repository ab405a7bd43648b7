import { agentRoot, configVariable, defaultTerminationLog } from '../delivery/contract.ts'
import { systemClock } from '../lib/clock.ts'
import { createLog } from '../lib/log/log.ts'
import { type LogLevel, logLevels } from '../lib/log/log-level.ts'
import { stopSignal } from './context/stop-signals.ts'
import type { AgentMainOptions } from './main.ts'
import { type Program, replaceProcess } from './rest/replace-process.ts'
import { leaveMessage } from './termination-log.ts'

interface WaitOptions extends AgentMainOptions {
  readonly program: string
  /** How long the agent then waits for the refresh. */
  readonly thenAfterMs?: number
}

/**
 * Waits for the next refresh, and then becomes the agent again. Imports next to nothing: it exists to hold no memory.
 *
 * @returns the exit code, after a signal
 */
export async function waitMain(options: WaitOptions): Promise<0> {
  const { root = agentRoot, terminationLog = defaultTerminationLog } = options
  const { resumeAfterMs = 0, thenAfterMs = 0 } = options
  const { env } = process
  const program: Program = { path: options.program, root, terminationLog, env }
  const stop = new AbortController()
  const stopped = stopSignal()
  const isDue = systemClock.sleep(resumeAfterMs, stop.signal)
  const name = await Promise.race([stopped, isDue])
  if (name === undefined) return replaceProcess(program, { form: 'agent', afterMs: thenAfterMs })
  stop.abort()
  createLog({ level: logLevelOf(env[configVariable]) }).info(`received ${name}, stopping`)
  leaveMessage(terminationLog, '')
  return 0
}

/** The agent has checked the configuration. */
function logLevelOf(config = ''): LogLevel {
  const { logLevel }: { readonly logLevel?: unknown } = JSON.parse(config)
  return logLevels.find((level) => level === logLevel) ?? 'info'
}
