import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/** A process that ends with us, however we end. */
export interface Kept {
  /** Its exit code, once it has ended; null when it was killed. */
  readonly ended: Promise<number | null>
  /** Asks it to end, and kills it if it hasn't ten seconds later. */
  stop(): Promise<number | null>
  kill(): void
}

export interface KeepOptions {
  readonly program: string
  readonly args: readonly string[]
  /** Where both its streams go; ours, unless told otherwise. */
  readonly logFile?: string
  readonly env?: Readonly<Record<string, string | undefined>>
}

/**
 * Starts a program under a shell that kills it once our end of a pipe is closed. The kernel closes that even when we
 * are killed, so nothing is left running; and a Ctrl-C, which goes to our process group, isn't theirs to act upon.
 */
export function keep({ program, args, logFile, env = process.env }: KeepOptions): Kept {
  const log = logFile === undefined ? 'inherit' : openSync(logFile, 'a')
  const shell = spawn('/bin/sh', ['-c', untilPipeCloses, program, ...args], {
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
    kill: () => killGroup(shell.pid),
  }
}

/** The shell leads a group of its own, as it is detached. */
function killGroup(pid: number | undefined): void {
  try {
    if (pid) process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

const untilPipeCloses = `
exec 3<&0
"$0" "$@" 3<&- & program=$!
{ read -r _ <&3; kill "$program"; sleep 10; kill -9 "$program"; } 2>/dev/null & watch=$!
wait "$program"; code=$?
kill "$watch" 2>/dev/null
exit "$code"
`

export interface HeldOptions {
  /** A shell's script. What it writes to standard output is {@link Held.said}. */
  readonly make: string
  /** What takes it back, be it half made. */
  readonly undo: string
}

/** Something on this machine that goes with us, however we end. */
export interface Held {
  readonly said: string
  release(): Promise<void>
}

/**
 * Makes something by a shell, which takes it back once our end of a pipe is closed.
 *
 * @throws Error with what `make` complained of, when it fails, after taking back what it had made
 */
export async function held({ make, undo }: HeldOptions): Promise<Held> {
  const script = `
undo() {
:
${undo}
}
trap 'set +e; undo >/dev/null 2>&1' EXIT
set -e
${make}
echo; echo
exec >&-
read -r _ || :`
  const shell = spawn('/bin/sh', ['-c', script], { stdio: 'pipe', detached: true })
  const ended = once(shell, 'close')
  const complaint = text(shell.stderr)
  const said = await text(shell.stdout)
  // The shell closes its output with an empty line when it has made everything.
  if (!said.endsWith('\n\n')) {
    await ended
    throw new Error(`a shell could not do what the cluster needs: ${(await complaint).trim()}`)
  }
  return {
    said: said.trim(),
    async release() {
      shell.stdin.end()
      await ended
    },
  }
}

export interface TemporaryFolder {
  readonly path: string
  remove(): void
}

/** A folder that goes with us, however we end; in the worst case when what writes to it has had time to end, too. */
export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'akv-injector-cluster-'))
  const shell = spawn('/bin/sh', ['-c', 'read -r _; sleep 12; rm -rf -- "$0"', path], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  shell.unref()
  return {
    path,
    remove() {
      rmSync(path, { recursive: true, force: true })
      shell.kill()
    },
  }
}

/** What a program said last. */
export const lastLines = (logFile: string): string =>
  readFileSync(logFile, 'utf8').trim().split('\n').slice(-10).join('\n')
