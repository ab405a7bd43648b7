import { execFileSync } from 'node:child_process'

/**
 * Runs a program to its end.
 *
 * @returns what it writes to its standard output
 * @throws Error with what it said last, when it fails, or takes a quarter of an hour
 */
export function execute(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): string {
  const bounds = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024 } as const
  try {
    return execFileSync(program, args, { env, stdio: 'pipe', encoding: 'utf8', ...bounds })
  } catch (error) {
    const { stdout, stderr, code } = error as Failure
    const said = `${stdout ?? ''}\n${stderr ?? error}`.trim().split('\n').slice(-saidLines)
    const how = code === 'ETIMEDOUT' ? `took more than ${timeoutMs / 60_000} minutes` : 'failed'
    throw new Error(`${program} ${how}:\n${said.join('\n')}`)
  }
}

/** The same for one that mounts, or goes on when we are killed: neither outlasts us. */
export function executeApart(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): void {
  const apart = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  execute('setpriv', ['--pdeathsig', 'KILL', ...apart, program, ...args], env)
}

interface Failure {
  readonly stdout?: string
  readonly stderr?: string
  readonly code?: string
}

const saidLines = 20
/** The longest download their packages, and build an image. */
const timeoutMs = 900_000
