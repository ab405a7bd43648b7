import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

const killAfterMs = 10_000

/**
 * Starts `akv-injector ARGS` in a process of its own, as a container would, with the Node flags of this process.
 *
 * @param env - the whole environment, to which only our PATH and Node's compile cache are added
 */
export function startChild(args: readonly string[], env: Readonly<Record<string, string>>) {
  const [program = ''] = process.argv.slice(1)
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const child = spawn(process.execPath, [...process.execArgv, program, ...args], {
    // `spawn` leaves out variables that are undefined.
    env: { PATH, NODE_COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C in a terminal signals the whole process group, but the demo must stop its processes in order.
    detached: true,
  })
  const chunks: Buffer[] = []
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => chunks.push(chunk))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  return {
    /** The output so far, of both streams. */
    output: () => Buffer.concat(chunks).toString(),
    /** The exit code, or null if a signal ended the process. */
    ended,
    /** Sends SIGTERM, and SIGKILL if the process is still running 10 seconds later. */
    stop: () => stop(child, ended),
  }
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  await ended
  clearTimeout(timer)
}
