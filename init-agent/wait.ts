import { agentRoot, configVariable, defaultTerminationLog } from '../delivery/contract.ts'
import { systemClock } from '../lib/clock.ts'
import { createLog } from '../lib/log/log.ts'
import { type LogLevel, logLevels } from '../lib/log/log-level.ts'
import { stopSignal } from './context/stop-signals.ts'
import type { AgentMainOptions } from './main.ts'
import { awaitRequest, requestDelayMs } from './on-demand/request-file.ts'
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
  const { resumeAfterMs = 0, thenAfterMs = 0, seen } = options
  const { env } = process
  const program: Program = { path: options.program, root, terminationLog, env }
  const stop = new AbortController()
  const stopped = stopSignal()
  const resting = rest({ root, seen, restMs: resumeAfterMs, signal: stop.signal })
  const ended = await Promise.race([stopped.then((name) => ({ name })), resting])
  if (!('name' in ended)) {
    const { leftMs, requestedAfterMs } = ended
    const afterMs = leftMs + thenAfterMs
    return replaceProcess(program, { form: 'agent', afterMs, seen, requestedAfterMs })
  }
  const { name } = ended
  stop.abort()
  createLog({ level: logLevelOf(env[configVariable]) }).info(`received ${name}, stopping`)
  leaveMessage(terminationLog, '')
  return 0
}

/**
 * Rests for this time. If somebody asks for a refresh meanwhile, only until that is due.
 *
 * @returns `leftMs`: how much of the time is left; `requestedAfterMs`: when the refresh is due that somebody has asked for
 */
async function rest(options: {
  readonly root: string
  readonly seen: string | undefined
  readonly restMs: number
  readonly signal: AbortSignal
}): Promise<{ readonly leftMs: number; readonly requestedAfterMs?: number }> {
  const { root, seen, restMs, signal } = options
  const clock = systemClock
  const startMs = clock.now()
  const slept = clock.sleep(restMs, signal).then(() => false)
  const request = seen === undefined ? slept : awaitRequest(root, { seen, clock, signal })
  if (!(await Promise.race([slept, request]))) return { leftMs: 0 }
  const dueAtMs = clock.now() + requestDelayMs(startMs, clock)
  const endMs = startMs + restMs
  await clock.sleep(Math.min(dueAtMs, endMs) - clock.now(), signal)
  return { leftMs: Math.max(0, endMs - clock.now()), requestedAfterMs: dueAtMs - clock.now() }
}

/** The agent has checked the configuration. */
function logLevelOf(config = ''): LogLevel {
  const { logLevel }: { readonly logLevel?: unknown } = JSON.parse(config)
  return logLevels.find((level) => level === logLevel) ?? 'info'
}
