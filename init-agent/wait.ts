import { once } from 'node:events'
import { agentRoot, configVariable, defaultTerminationLog } from '../delivery/contract.ts'
import { systemClock } from '../lib/clock.ts'
import { createLog } from '../lib/log/log.ts'
import { logLevels } from '../lib/log/log-level.ts'
import { stopSignals } from './context/stop-signals.ts'
import type { AgentMainOptions } from './main.ts'
import { type Program, replaceProcess } from './rest/replace-process.ts'
import { leaveMessage } from './termination-log.ts'
import { gateOf } from './volume/gate.ts'

interface WaitOptions extends AgentMainOptions {
  readonly program: string
}

/**
 * Waits for the next refresh, and then becomes the agent again. Imports next to nothing: it exists to hold no memory.
 *
 * @returns the exit code, after a signal
 */
export async function waitMain(options: WaitOptions): Promise<0> {
  const { root = agentRoot, terminationLog = defaultTerminationLog, resumeAfterMs = 0 } = options
  const { env } = process
  const program: Program = { path: options.program, root, terminationLog, env }
  const stop = new AbortController()
  const stopped = Promise.race(stopSignals.map((name) => once(process, name).then(() => name)))
  const { opensGate, logLevel } = readChecked(env[configVariable])
  if (opensGate) gateOf(root).open()
  const isDue = systemClock.sleep(resumeAfterMs, stop.signal)
  const name = await Promise.race([stopped, isDue])
  if (name === undefined) return replaceProcess(program, { form: 'agent', afterMs: 0 })
  stop.abort()
  createLog({ level: logLevel }).info(`received ${name}, stopping`)
  leaveMessage(terminationLog, '')
  return 0
}

/** The agent has checked the configuration. */
function readChecked(config = '{}') {
  const read: { readonly logLevel?: unknown; readonly opensGate?: unknown } = JSON.parse(config)
  return {
    opensGate: read.opensGate === true,
    logLevel: logLevels.find((level) => level === read.logLevel) ?? 'info',
  }
}
