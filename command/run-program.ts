import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'

/** How long each program that a command starts may take, in milliseconds. */
export const maxProgramMs = 60_000

/** How a program ended. */
export type ProgramEnd =
  | {
      readonly kind: 'ended'
      readonly code: number | null
      readonly stdout: string
      readonly stderr: string
    }
  | { readonly kind: 'too-large' | 'timeout' }
  | { readonly kind: 'not-started'; readonly code: string }

interface ProgramOptions {
  readonly env: NodeJS.ProcessEnv
  /** The limit for standard output, and the same again for standard error. */
  readonly maxBytes: number
  readonly timeoutMs: number
  /**
   * Ends the program when it aborts, and keeps it from being started after that. The caller then handles SIGINT and SIGTERM, which
   * would otherwise end this process, too.
   */
  readonly abort?: AbortSignal
}

/**
 * Runs a program on the PATH without a shell and without standard input. If it takes too long or prints too much, it is
 * ended, together with all processes that it has started.
 *
 * @param command - the program and its arguments
 */
export function runProgram(
  [program, ...args]: readonly [string, ...string[]],
  { env, maxBytes, timeoutMs, abort }: ProgramOptions,
): Promise<ProgramEnd> {
  // A program that is ended just after its start may have done its work by then.
  if (abort?.aborted) return Promise.resolve({ kind: 'ended', code: null, stdout: '', stderr: '' })
  // Before the start: the process that starts the program may pause in between, and a signal would leave the program running.
  const signals = abort === undefined ? endOnSignal() : endOnAbort(abort)
  const child = spawn(program, args, {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // The program may be a script that starts others. With a process group of their own, all of them can be ended.
    detached: true,
  })
  signals.started(child)
  return new Promise<ProgramEnd>((resolve) => {
    const stopWith = (kind: 'too-large' | 'timeout') => {
      endGroup(child)
      // A process that has left the group may keep the pipes open.
      child.stdout.destroy()
      child.stderr.destroy()
      resolve({ kind })
    }
    const timer = setTimeout(stopWith, timeoutMs, 'timeout')
    const onTooLarge = () => stopWith('too-large')
    const stdout = collect(child.stdout, maxBytes, onTooLarge)
    const stderr = collect(child.stderr, maxBytes, onTooLarge)
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      resolve({ kind: 'not-started', code: error.code ?? error.name })
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ kind: 'ended', code, stdout: stdout(), stderr: stderr() })
    })
  }).finally(signals.restore)
}

/** Collects a stream's text. The returned function gives the text so far. */
function collect(stream: Readable, maxBytes: number, onTooLarge: () => void): () => string {
  const chunks: Buffer[] = []
  let bytes = 0
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= maxBytes) chunks.push(chunk)
    else onTooLarge()
  })
  return () => Buffer.concat(chunks).toString()
}

/** Ends the group on SIGINT and SIGTERM, because the terminal's Ctrl-C doesn't reach a process group of its own. */
function endOnSignal() {
  let child: ChildProcess | undefined
  const stop = (signal: NodeJS.Signals) => {
    if (child !== undefined) endGroup(child)
    restore()
    process.kill(process.pid, signal)
  }
  const restore = () => {
    for (const signal of endingSignals) process.off(signal, stop)
  }
  for (const signal of endingSignals) process.on(signal, stop)
  return {
    started(program: ChildProcess) {
      child = program
    },
    /** Removes the handlers. */
    restore,
  }
}

/** Ends the group when the caller aborts. */
function endOnAbort(abort: AbortSignal): ReturnType<typeof endOnSignal> {
  let stop = () => {}
  return {
    started(program) {
      stop = () => endGroup(program)
      abort.addEventListener('abort', stop)
    },
    restore: () => abort.removeEventListener('abort', stop),
  }
}

const endingSignals = ['SIGINT', 'SIGTERM'] as const

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // The group has already ended.
  }
}
