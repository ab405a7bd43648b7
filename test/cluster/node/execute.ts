import { execFileSync } from 'node:child_process'

/**
 * Runs a program to its end.
 *
 * @throws Error with what it said last, when it fails
 */
export function execute(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): void {
  try {
    execFileSync(program, args, { env, stdio: 'pipe', maxBuffer: 64 * 1024 * 1024 })
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: Buffer; stderr?: Buffer }
    const said = `${stdout ?? ''}\n${stderr ?? error}`.trim().split('\n').slice(-saidLines)
    throw new Error(`${program} failed:\n${said.join('\n')}`)
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

const saidLines = 20
