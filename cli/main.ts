#!/usr/bin/env node
import { inspect } from 'node:util'
import { printLines } from '../lib/print-lines.ts'
import { runCommandLine } from './command-line.ts'

const exitCode = await runCommandLine(process.argv.slice(2)).catch(unexpected)
await Promise.all([process.stdout, process.stderr].map(written))
// At once: what a command leaves open (an idle connection, a timer) is of no use to anybody once it has ended.
process.exit(exitCode)

/** A fault of ours: its stack says where, and its message may repeat what somebody else wrote. */
function unexpected(error: unknown): number {
  printLines(process.stderr, ['akv-injector: internal error', ...inspect(error).split('\n')])
  return 1
}

/** What a pipe has no room for waits in memory for its reader, who may have gone (`| head`) and then wants no more. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve())
    stream.write('', () => resolve())
  })
}
