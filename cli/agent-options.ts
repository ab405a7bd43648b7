import { parseArgs } from 'node:util'
import { isRequestMark } from '../delivery/refresh-request.ts'

interface AgentCommand {
  readonly root?: string
  readonly terminationLog?: string
  /** Set if this process replaces an earlier process of the agent: when the agent resumes its work. */
  readonly resumeAfterMs?: number
  /** Whether this process only waits until then, and is replaced by one that does the work. */
  readonly isWaiting: boolean
  /** For a waiting process: when the agent that replaces it resumes its work. */
  readonly thenAfterMs?: number
  /** The mark of the last request for a refresh that an earlier process has seen. */
  readonly seen?: string
  /** When the agent refreshes because somebody has asked for it. */
  readonly requestedAfterMs?: number
}

/**
 * Reads the arguments of `akv-injector agent`. The agent passes `--resume-after`, `--wait`, `--then-after`, `--seen` and
 * `--requested-after` to the processes that replace its own.
 *
 * @returns undefined for another command, for help, and for wrong arguments, which the command line reports
 */
export function agentOptions(args: readonly string[]): AgentCommand | undefined {
  const [command, ...flags] = args
  if (command !== 'agent') return undefined
  try {
    const { values } = parseArgs({ args: flags, options })
    const { root, 'termination-log': terminationLog, wait } = values
    const { 'resume-after': after, 'then-after': thenAfter, seen } = values
    const { 'requested-after': requestedAfter } = values
    const times = [after, thenAfter, requestedAfter]
    if (times.some((ms = '0') => !/^\d{1,15}$/.test(ms))) return undefined
    if (seen !== undefined && !isRequestMark(seen)) return undefined
    return {
      ...(root !== undefined && { root }),
      ...(terminationLog !== undefined && { terminationLog }),
      ...(after !== undefined && { resumeAfterMs: Number(after) }),
      isWaiting: wait === true,
      ...(thenAfter !== undefined && { thenAfterMs: Number(thenAfter) }),
      ...(seen !== undefined && { seen }),
      ...(requestedAfter !== undefined && { requestedAfterMs: Number(requestedAfter) }),
    }
  } catch {
    return undefined
  }
}

const options = {
  root: { type: 'string' },
  'termination-log': { type: 'string' },
  'resume-after': { type: 'string' },
  wait: { type: 'boolean' },
  'then-after': { type: 'string' },
  seen: { type: 'string' },
  'requested-after': { type: 'string' },
} as const
