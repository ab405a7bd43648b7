import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { killGroup } from '../../support/kill-group.ts'
import { until } from '../client/cluster.ts'
import { lastLines } from './last-lines.ts'

/** A process that ends when this process ends, for whatever reason. */
export interface OwnedProcess {
  /** Resolves with the exit code when the process ends, or with null if a signal ended it. */
  readonly ended: Promise<number | null>
  /** Sends SIGTERM, and SIGKILL after a while. Resolves with the exit code. */
  stop(): Promise<number | null>
  kill(): void
}

export interface OwnedProcessOptions {
  readonly program: string
  readonly args: readonly string[]
  /** The file that both output streams go to. By default they go to this process's streams. */
  readonly logFile?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** How long the program may take to end after SIGTERM; by default ten seconds. */
  readonly graceSeconds?: number
}

/**
 * Starts a program under a shell that kills it when our end of a pipe closes. The kernel closes the pipe even if this
 * process is killed, so the program never outlives it. The shell runs in a process group of its own, so a Ctrl-C in the
 * terminal reaches only this process.
 */
export function startOwnedProcess(options: OwnedProcessOptions): OwnedProcess {
  const { program, args, logFile, env = process.env, graceSeconds = 10 } = options
  const log = logFile === undefined ? 'inherit' : openSync(logFile, 'a')
  const shell = spawn('/bin/sh', ['-c', runUntilPipeCloses(graceSeconds), program, ...args], {
    stdio: ['pipe', log, log],
    env,
    detached: true,
  })
  if (typeof log === 'number') closeSync(log)
  const ended = once(shell, 'close').then(([code]) => code as number | null)
  return {
    ended,
    stop() {
      shell.stdin?.end()
      return ended
    },
    // The shell and the program.
    kill: () => killGroup(shell),
  }
}

/**
 * Waits until a program that was started is ready.
 *
 * @param program - its `logFile` is shown if it ends first
 * @throws Error if it isn't ready within 30 seconds, or ends first
 */
export async function untilReady(
  { ended }: OwnedProcess,
  program: { readonly name: string; readonly logFile: string; isReady(): Promise<boolean> },
): Promise<void> {
  const { name, logFile, isReady } = program
  let hasEnded = false
  void ended.then(() => {
    hasEnded = true
  })
  await until(async () => hasEnded || (await isReady()))
  if (hasEnded) throw new Error(`${name} ended. Its last output:\n${lastLines(logFile)}`)
}

// The seconds pass one by one, so that no sleep is left for longer when the program has ended.
const runUntilPipeCloses = (graceSeconds: number) => `
exec 3<&0
"$0" "$@" 3<&- & program=$!
{
  read -r _ <&3; kill "$program"
  second=0; while [ $((second += 1)) -le ${graceSeconds} ]; do sleep 1; done
  kill -9 "$program"
} 2>/dev/null & watch=$!
wait "$program"; code=$?
kill "$watch" 2>/dev/null
exit "$code"
`
