import { once } from 'node:events'
import { reasonOf } from '../reason-of.ts'
import { printLines } from '../terminal/print-lines.ts'

const stopSignals = ['SIGTERM', 'SIGINT'] as const

/**
 * Runs a server's process. The first SIGTERM or SIGINT aborts the signal that `run` gets; a second one ends the process
 * at once. If `run` throws, the reason goes to standard error.
 *
 * @param command - the name of the command, such as `webhook`
 * @returns the exit code: 0 once `run` has ended, 1 if it threw
 */
export async function runUntilSignal(
  command: string,
  run: (signal: AbortSignal) => Promise<void>,
): Promise<0 | 1> {
  try {
    await withStopSignal(run)
    return 0
  } catch (error) {
    printLines(process.stderr, [`akv-injector ${command}: cannot start: ${reasonOf(error)}`])
    return 1
  }
}

/** Runs with a signal that the first SIGTERM or SIGINT aborts. After that, both have their default effect again. */
export async function withStopSignal<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const dispose = () => {
    for (const name of stopSignals) process.off(name, stop)
  }
  const stop = () => {
    dispose()
    controller.abort()
  }
  for (const name of stopSignals) process.on(name, stop)
  try {
    return await run(controller.signal)
  } finally {
    dispose()
  }
}

export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}
