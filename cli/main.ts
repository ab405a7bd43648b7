#!/usr/bin/env node
import { inspect } from 'node:util'
import { limitCompilation } from '../init-agent/limit-compilation.ts'
import { printLines } from '../lib/terminal/print-lines.ts'
import { agentOptions } from './agent-options.ts'

void main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<never> {
  const exitCode = await run(args).catch(unexpected)
  await Promise.all([process.stdout, process.stderr].map(written))
  // Don't wait for idle connections and timers that the command left open.
  process.exit(exitCode)
}

/**
 * The agent runs in every pod, so it starts without the command line's code, which takes as long to load as Node
 * itself. A process that only waits doesn't load the agent's code either.
 */
async function run(args: readonly string[]): Promise<number> {
  const agent = agentOptions(args)
  if (agent === undefined)
    return args[0] === 'check'
      ? (await import('./check-line.ts')).runCheckLine(args)
      : (await import('./command-line.ts')).runCommandLine(args)
  // This comes first, because even looking for the agent's file runs code that is hot enough for V8 to compile.
  limitCompilation()
  const { isWaiting, ...options } = agent
  const [, program = ''] = process.argv
  if (isWaiting) return (await import('../init-agent/wait.ts')).waitMain({ ...options, program })
  return (await import('../init-agent/main.ts')).agentMain({ ...options, program })
}

/**
 * Prints the stack of an error that only a bug can cause. The message may contain the caller's input, so it is made
 * printable.
 */
function unexpected(error: unknown): number {
  printLines(process.stderr, ['akv-injector: internal error', ...inspect(error).split('\n')])
  return 1
}

/** Waits until the reader of a full pipe has taken all output, or has closed the pipe (`| head`). */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve())
    stream.write('', () => resolve())
  })
}
