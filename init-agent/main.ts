import { once } from 'node:events'
import { takeEnvironment } from '../keyvault/entra/sdk-environment.ts'
import { AkvError, toAkvError } from '../lib/errors/akv-error.ts'
import { createLog, type Log } from '../lib/log.ts'
import { type AgentConfig, agentRoot, configVariable, decodeConfig } from './contract.ts'
import { writeTerminationMessage } from './termination-message.ts'

const signals = ['SIGTERM', 'SIGINT'] as const

export interface AgentMainOptions {
  /** The folder with the mounts. */
  readonly root?: string
  /** Where the kubelet reads why a container ended. */
  readonly terminationLog?: string
}

/**
 * The agent as a process: configuration and identity from the environment, log lines to standard output, the last
 * error also to the termination log.
 *
 * @returns the exit code to end the process with, at once: 0 done, or stopped by a signal when the pod had everything;
 *   1 gave up, or stopped before that; 2 wrong configuration
 */
export async function agentMain(options: AgentMainOptions = {}): Promise<number> {
  const { root = agentRoot, terminationLog = '/dev/termination-log' } = options
  const stop = new AbortController()
  const stopped = Promise.race(signals.map((name) => once(process, name).then(() => name)))
  const env = takeEnvironment()
  const read = readConfig(env[configVariable])
  const log = createLog({ level: 'config' in read ? read.config.logLevel : 'info' })
  try {
    if ('error' in read) throw read.error
    const { config } = read
    let isReady = false
    const onReady = () => {
      isReady = true
    }
    // Loaded only now: the first process of a container gets no signal that it hasn't asked for yet, and the SDKs take
    // their time.
    const run = import('./agent.ts').then(async ({ runAgent }) => {
      await runAgent({ config, root, env, log, onReady, signal: stop.signal })
      return 0
    })
    const crashed = once(process, 'uncaughtException').then(([error]) => Promise.reject(error))
    // Files are written without a pause, so between two events no set is half written: nothing has to be waited for.
    const ended = stopped.then((name) => {
      const isDone = isReady || config.refreshSeconds > 0
      log.info(`received ${name}, stopping${isReady ? '' : ' before everything was written'}`)
      // After a 0 from an init container, the kubelet would start the app with an empty mount.
      return isDone ? 0 : 1
    })
    return await Promise.race([run, crashed, ended])
  } catch (thrown) {
    return end(toAkvError(thrown), { log, terminationLog })
  } finally {
    stop.abort()
  }
}

function end(
  error: AkvError,
  { log, terminationLog }: { log: Log; terminationLog: string },
): 1 | 2 {
  for (const { code, message, facts } of error.kinds)
    log.error(message, { code, remedy: facts.remedy })
  if (!writeTerminationMessage(terminationLog, error))
    log.warn(`the termination message could not be written to ${terminationLog}`)
  return error.facts.exitCode
}

function readConfig(text: string | undefined): { config: AgentConfig } | { error: AkvError } {
  if (text === undefined)
    return {
      error: new AkvError({ code: 'AKV_CONFIG_INVALID', message: `${configVariable} is not set` }),
    }
  const decoded = decodeConfig(text)
  if ('value' in decoded) return { config: decoded.value }
  const code = decoded.isNewer ? 'AKV_CONFIG_NEWER' : 'AKV_CONFIG_INVALID'
  return { error: new AkvError({ code, message: decoded.problem }) }
}
