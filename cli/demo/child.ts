import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

/** A command of this very program, running as a process of its own. */
export interface Child {
  /** Its output so far, both streams. */
  output(): string
  /** The exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>
  /** Asks it to end, and makes it if it doesn't. */
  stop(): Promise<void>
}

const killAfterMs = 10_000

/**
 * Starts `akv-injector ARGS`, with this environment and nothing of ours but the path: as a container has it.
 *
 * @param env - its environment
 */
export function startChild(args: readonly string[], env: Readonly<Record<string, string>>): Child {
  const [program = ''] = process.argv.slice(1)
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C on a terminal goes to the whole group; it is ours to end the others in order.
    detached: true,
  })
  const chunks: Buffer[] = []
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => chunks.push(chunk))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  return {
    output: () => Buffer.concat(chunks).toString(),
    ended,
    stop: () => stop(child, ended),
  }
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  await ended
  clearTimeout(timer)
}
