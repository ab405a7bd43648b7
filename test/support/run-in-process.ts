/**
 * Runs a command of the program in this process, which takes a tenth of the time that a process of its own takes. For
 * what a command decides and prints; signals, pipes and the exit of the process need `run-command-line.ts`.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { Writable } from 'node:stream'
import { runCommandLine } from '../../cli/command-line.ts'
import { type Ended, program } from './run-command-line.ts'

interface Streams {
  readonly input: string
  readonly stdout: Writable
  readonly stderr: Writable
}

/** Only the command sees its streams: the test runner goes on writing to those of the process. */
const streams = new AsyncLocalStorage<Streams>()

for (const name of ['stdout', 'stderr'] as const) {
  const own = process[name]
  Object.defineProperty(process, name, { get: () => streams.getStore()?.[name] ?? own })
}

/** Standard input, which commands read as the file with the descriptor 0. */
const readFileSync = fs.readFileSync
const readInput = (...[path, ...options]: Parameters<typeof readFileSync>) => {
  const input = path === 0 ? streams.getStore()?.input : undefined
  return input === undefined ? readFileSync(path, ...options) : Buffer.from(input)
}
Object.assign(fs, { readFileSync: readInput })
syncBuiltinESMExports()

/** Runs the command line to its end. One at a time, as they share the environment of the process. */
export async function runInProcess(
  args: readonly string[],
  {
    input = '',
    env = {},
  }: { readonly input?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Ended> {
  const [stdout, stderr] = [collect(), collect()]
  const before = { ...process.env }
  const { argv } = process
  Object.assign(process.env, env)
  process.argv = [process.execPath, program, ...args]
  try {
    const code = await streams.run({ input, stdout: stdout.stream, stderr: stderr.stream }, () =>
      runCommandLine(args),
    )
    return { code, stdout: stdout.text(), stderr: stderr.text() }
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
    Object.assign(process.env, before)
    process.argv = argv
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
