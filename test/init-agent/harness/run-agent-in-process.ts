import { stateMessage } from '../../../delivery/agent-state.ts'
import { configVariable, encodeConfig } from '../../../delivery/contract.ts'
import { readAgentStates } from '../../support/injected-pods/read-agent-states.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import { type LogLine, type Pod, readOr } from './pod.ts'

/** Runs an agent to its end in the process of the test (see {@link runInProcess}). It has only this environment. */
export async function runAgentInProcess(
  { root, terminationLog, config }: Pod,
  env: NodeJS.ProcessEnv = {},
) {
  const args = ['agent', '--root', root, '--termination-log', terminationLog]
  const { code, stdout, stderr } = await runInProcess(args, {
    env: { [configVariable]: encodeConfig(config), ...env },
    isEnvComplete: true,
  })
  const written = stdout.split('\n').filter((line) => line !== '')
  const lines = written
    .map((line): LogLine => JSON.parse(line))
    .filter(({ message }) => message !== stateMessage)
  return {
    code,
    lines,
    state: readAgentStates(written),
    output: stdout + stderr,
    termination: readOr(terminationLog),
  }
}
