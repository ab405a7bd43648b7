import { once } from 'node:events'
import { AkvError, toAkvError } from '../keyvault/errors.ts'
import { takeEnvironment } from '../keyvault/sdk-environment.ts'
import { type AgentConfig, agentRoot, configVariable, decodeConfig } from './contract.ts'
import { createLog, type Log } from './log.ts'
import { writeTerminationMessage } from './termination-message.ts'

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
 * @returns the exit code to end the process with, at once: 0 done or told to stop, 1 gave up, 2 wrong configuration
 */
export async function agentMain(options: AgentMainOptions = {}): Promise<number> {
  const { root = agentRoot, terminationLog = '/dev/termination-log' } = options
  const stop = new AbortController()
  const stopped = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
  const env = takeEnvironment()
  const read = readConfig(env[configVariable])
  const log = createLog({
    level: 'config' in read ? read.config.logLevel : 'info',
    write: (line) => process.stdout.write(line),
    now: Date.now,
  })
  try {
    if ('error' in read) throw read.error
    const { config } = read
    // Loaded only now: the first process of a container gets no signal that it hasn't asked for yet, and the SDKs take
    // their time.
    const run = import('./agent.ts').then(({ runAgent }) =>
      runAgent({ config, root, env, log, signal: stop.signal }),
    )
    const crashed = once(process, 'uncaughtException').then(([error]) => Promise.reject(error))
    // Files are written without a pause, so between two events no set is half written: nothing has to be waited for.
    await Promise.race([run, crashed, stopped.then(() => log.info('told to stop'))])
    return 0
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
  const { remedy, exitCode } = error.facts
  log.error(error.message, { code: error.code, remedy })
  if (!writeTerminationMessage(terminationLog, error))
    log.warn(`the termination message could not be written to ${terminationLog}`)
  return exitCode
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
