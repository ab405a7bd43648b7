import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'

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
  /** Of standard output, and of standard error. */
  readonly maxBytes: number
  readonly timeoutMs: number
}

/**
 * Runs a program on the PATH without a shell and without standard input. It's ended, with everything that it has started, if it
 * takes too long or prints too much.
 *
 * @param command - the program and its arguments
 */
export function runProgram(
  [program, ...args]: readonly [string, ...string[]],
  { env, maxBytes, timeoutMs }: ProgramOptions,
): Promise<ProgramEnd> {
  const child = spawn(program, args, {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // It may be a script that starts others. Only the whole group can be ended.
    detached: true,
  })
  const ignoreSignals = endOnSignal(child)
  return new Promise<ProgramEnd>((resolve) => {
    const stopWith = (kind: 'too-large' | 'timeout') => {
      endGroup(child)
      // A program that has left the group keeps them open.
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
  }).finally(ignoreSignals)
}

/** Returns a function for the text so far. */
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

/** A group of its own doesn't get the terminal's Ctrl-C. Returns a function that restores the default. */
function endOnSignal(child: ChildProcess): () => void {
  const stop = (signal: NodeJS.Signals) => {
    endGroup(child)
    restore()
    process.kill(process.pid, signal)
  }
  const restore = () => {
    for (const signal of signals) process.off(signal, stop)
  }
  for (const signal of signals) process.on(signal, stop)
  return restore
}

const signals = ['SIGINT', 'SIGTERM'] as const

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
