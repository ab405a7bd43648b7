import { parseArgs } from 'node:util'

interface AgentCommand {
  readonly root?: string
  readonly terminationLog?: string
  /** Set if a form of the agent was replaced by this process: when it goes on. */
  readonly resumeAfterMs?: number
  /** Whether this process only waits until then. */
  readonly isWaiting: boolean
  /** When the agent that follows a waiting process goes on. */
  readonly thenAfterMs?: number
}

/**
 * Reads the arguments of `akv-injector agent`. The agent itself adds `--resume-after`, `--wait` and `--then-after` when it
 * replaces its process.
 *
 * @returns undefined if this is another command, or if the command line has to say what is wrong, or to print help
 */
export function agentOptions(args: readonly string[]): AgentCommand | undefined {
  const [command, ...flags] = args
  if (command !== 'agent') return undefined
  try {
    const { values } = parseArgs({ args: flags, options })
    const { root, 'termination-log': terminationLog, wait } = values
    const { 'resume-after': after, 'then-after': thenAfter } = values
    if ([after, thenAfter].some((ms = '0') => !/^\d{1,15}$/.test(ms))) return undefined
    return {
      ...(root !== undefined && { root }),
      ...(terminationLog !== undefined && { terminationLog }),
      ...(after !== undefined && { resumeAfterMs: Number(after) }),
      isWaiting: wait === true,
      ...(thenAfter !== undefined && { thenAfterMs: Number(thenAfter) }),
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
} as const
