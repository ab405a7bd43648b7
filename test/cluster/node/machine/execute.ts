import { execFileSync } from 'node:child_process'

/**
 * Runs a program and waits for it.
 *
 * @returns its standard output
 * @throws Error with its last output if it fails or takes more than a quarter of an hour
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
    const lines = `${stdout ?? ''}\n${stderr ?? error}`.trim().split('\n').slice(-shownLines)
    const how = code === 'ETIMEDOUT' ? `took more than ${timeoutMs / 60_000} minutes` : 'failed'
    throw new Error(`${program} ${how}:\n${lines.join('\n')}`)
  }
}

/** Runs a program in namespaces of its own, so that its mounts and processes end with this process. */
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

const shownLines = 20
/** The slowest programs download packages or build an image. */
const timeoutMs = 900_000
