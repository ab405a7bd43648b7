import { once } from 'node:events'
import {
  type AgentConfig,
  agentRoot,
  configVariable,
  defaultTerminationLog,
} from '../delivery/contract.ts'
import { decodeConfig } from '../delivery/decode-config.ts'
import { takeEnvironment } from '../keyvault/entra/sdk-environment.ts'
import { AkvError, toAkvError } from '../lib/errors/akv-error.ts'
import type { Log } from '../lib/log/log.ts'
import { withoutAbsent } from '../lib/shape.ts'
import { stopSignal } from './context/stop-signals.ts'
import { takeHandover } from './rest/handover.ts'
import { openStateLog } from './state/state-log.ts'
import { killedMessage, leaveMessage } from './termination-log.ts'
import { terminationMessage } from './termination-message.ts'
import { prepareStartGate } from './volume/start-gate.ts'

export interface AgentMainOptions {
  /** The folder that contains the mounts. */
  readonly root?: string
  /** The file that the kubelet reads after the container has ended. */
  readonly terminationLog?: string
  /** The file that Node runs, if the agent may replace its process by another form of itself while it waits. */
  readonly program?: string
  /** An earlier process of the agent has fetched already. Resume its work after this time. */
  readonly resumeAfterMs?: number
  /** The mark of the text of `akv-injector.io/refresh-now` that the earlier process has seen. */
  readonly seen?: string
  /** When to refresh because somebody has asked for it. */
  readonly requestedAfterMs?: number
}

/**
 * Runs the agent as a process. Reads configuration and identity from the environment, logs to standard output, and writes
 * to the termination log, too, what ends it.
 *
 * @returns the exit code. 0: done, or stopped by a signal after the pod had everything. 1: failed, or stopped before that.
 *   2: the configuration is invalid. The caller must exit at once, because requests may still be in flight.
 */
export async function agentMain(options: AgentMainOptions = {}): Promise<number> {
  const { root = agentRoot, terminationLog = defaultTerminationLog, resumeAfterMs } = options
  const stop = new AbortController()
  const stopped = stopSignal()
  const { seen, requestedAfterMs } = options
  const resumed =
    resumeAfterMs === undefined
      ? undefined
      : { ...takeHandover(), ...withoutAbsent({ seen, requestedAfterMs }), afterMs: resumeAfterMs }
  const env = takeEnvironment()
  const program = options.program && { path: options.program, root, terminationLog, env }
  leaveMessage(terminationLog, killedMessage)
  const read = readConfig(env[configVariable])
  const stateLog = openStateLog({ level: 'config' in read ? read.config.logLevel : 'info' })
  const { log } = stateLog
  try {
    if ('error' in read) throw read.error
    const { config } = read
    // First, so that the kubelet can say what other containers wait for, however long the rest takes.
    if (config.opensGate) prepareStartGate(root)
    let isReady = false
    const onReady = () => {
      isReady = true
    }
    // Imported after the signal handlers are in place, because the SDKs take long to load: a container's first process
    // ignores a SIGTERM for which it has no handler.
    const run = import('./agent.ts').then(async ({ runAgent }) => {
      const life = { ...(resumed && { resumed }), ...(program && { program }) }
      await runAgent({ config, root, env, stateLog, onReady, signal: stop.signal, ...life })
      leaveMessage(terminationLog, '')
      return 0
    })
    const crashed = once(process, 'uncaughtException').then(([error]) => Promise.reject(error))
    // Writing is synchronous, so a signal never arrives in the middle of it, and the process can end at once.
    const ended = stopped.then((name) => {
      // An init container that exits with 0 before the files are there lets the kubelet start the app without them.
      const isDone = isReady || config.refreshSeconds > 0
      const message = `received ${name}, stopping${isReady ? '' : ' before everything was written'}`
      log.info(message)
      leaveMessage(terminationLog, isDone ? '' : message)
      return isDone ? 0 : 1
    })
    return await Promise.race([run, crashed, ended])
  } catch (thrown) {
    return reportFatal(toAkvError(thrown), { log, terminationLog })
  } finally {
    stop.abort()
  }
}

/** Logs the error and returns the exit code for it. */
function reportFatal(
  error: AkvError,
  { log, terminationLog }: { log: Log; terminationLog: string },
): 1 | 2 {
  for (const { code, issuer, azureIds, message, facts } of error.kinds)
    log.error(message, { code, issuer, azureIds, remedy: facts.remedy })
  if (!leaveMessage(terminationLog, terminationMessage(error)))
    log.warn(`the termination message could not be written to ${terminationLog}`)
  return error.facts.exitCode
}

function readConfig(text: string | undefined): { config: AgentConfig } | { error: AkvError } {
  if (text === undefined)
    return {
      error: new AkvError('AKV_CONFIG_INVALID', `${configVariable} is not set`),
    }
  const decoded = decodeConfig(text)
  if (decoded.kind === 'valid') return { config: decoded.value }
  const code = decoded.isNewer ? 'AKV_CONFIG_NEWER' : 'AKV_CONFIG_INVALID'
  return { error: new AkvError(code, decoded.problem) }
}
