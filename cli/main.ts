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
 * The agent starts in every pod, so it starts without the command line, which takes as long to load as Node itself. While it
 * waits, it is without itself, too.
 */
async function run(args: readonly string[]): Promise<number> {
  const agent = agentOptions(args)
  if (agent === undefined) return (await import('./command-line.ts')).runCommandLine(args)
  // First, because even the search for the agent's file has code that is hot enough to compile.
  limitCompilation()
  const { isWaiting, ...options } = agent
  const [, program = ''] = process.argv
  if (isWaiting) return (await import('../init-agent/wait.ts')).waitMain({ ...options, program })
  return (await import('../init-agent/main.ts')).agentMain({ ...options, program })
}

/** A bug: prints the stack. The message is made printable, since it may contain the caller's input. */
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
