/**
 * Runs a command of the program in this process, which takes a tenth of the time that a process of its own takes. For
 * what a command decides and prints; signals, pipes and the exit of the process need `run-command-line.ts`.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { Writable } from 'node:stream'
import { runCommandLine } from '../../cli/command-line.ts'
import { keepProcess } from './keep-process.ts'
import type { Ended } from './run-command-line.ts'
import { program, startsFast } from './start-fast/bundles.ts'

interface Streams {
  /** What the command hasn't read yet. */
  input: Buffer
  readonly stdout: Writable
  readonly stderr: Writable
}

/** Only the command sees its streams: the test runner goes on writing to those of the process. */
const streams = new AsyncLocalStorage<Streams>()

for (const name of ['stdout', 'stderr'] as const) {
  const own = process[name]
  Object.defineProperty(process, name, { get: () => streams.getStore()?.[name] ?? own })
}

/** Standard input, which commands read from the descriptor 0. */
const readSync = fs.readSync as (...args: readonly unknown[]) => number
const readInput = (descriptor: number, buffer: Buffer, ...options: readonly unknown[]): number => {
  const store = descriptor === 0 ? streams.getStore() : undefined
  if (store === undefined) return readSync(descriptor, buffer, ...options)
  const bytes = store.input.copy(buffer)
  store.input = store.input.subarray(bytes)
  return bytes
}
Object.assign(fs, { readSync: readInput })
syncBuiltinESMExports()

interface Options {
  readonly input?: string
  readonly env?: NodeJS.ProcessEnv
  /** Whether `env` is the whole environment. Otherwise the command has the process's environment, too. */
  readonly isEnvComplete?: boolean
}

/** Runs the command line to its end. One at a time, because commands share the environment of the process. */
export async function runInProcess(
  args: readonly string[],
  { input = '', env = {}, isEnvComplete = false }: Options = {},
): Promise<Ended> {
  const [stdout, stderr] = [collect(), collect()]
  const restore = keepProcess()
  if (isEnvComplete) for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, env)
  process.argv = [process.execPath, program, ...args]
  process.execArgv = [...startsFast]
  try {
    const code = await streams.run(
      { input: Buffer.from(input), stdout: stdout.stream, stderr: stderr.stream },
      () => runCommandLine(args),
    )
    return { code, stdout: stdout.text(), stderr: stderr.text() }
  } finally {
    restore()
  }
}

function collect() {
  const chunks: Buffer[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(chunk)
      done()
    },
  })
  return { stream, text: () => Buffer.concat(chunks).toString() }
}
