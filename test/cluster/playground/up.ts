import { spawn } from 'node:child_process'
import { mkdirSync, openSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describePlayground } from './describe-playground.ts'
import type { Told } from './serve.ts'
import { type PlaygroundState, playgroundFolder, readState } from './state.ts'

/** `npm run cluster`: starts a cluster to play with, and leaves it running. */

const folder = playgroundFolder(process.env)

async function up(): Promise<string> {
  const running = readState(folder)
  if (running)
    return running.controlUrl
      ? `it runs already.\n${describePlayground(folder, running)}`
      : 'it is about to start already: another `npm run cluster` is at it'
  // Of a cluster that ended with the machine.
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(dirname(folder), { recursive: true })
  mkdirSync(folder, { mode: 0o700 })
  return `it runs.\n${describePlayground(folder, await start())}`
}

/** @throws Error with what it says, when it can't */
function start(): Promise<PlaygroundState> {
  const log = openSync(join(folder, 'log'), 'a')
  const serve = spawn(process.execPath, [join(import.meta.dirname, 'serve.ts'), folder], {
    stdio: ['ignore', log, log, 'ipc'],
    detached: true,
  })
  serve.unref()
  return new Promise((resolve, reject) => {
    serve.once('exit', () => reject(new Error('it ended while it started')))
    serve.once('error', reject)
    serve.on('message', (told: Told) => {
      if (told.kind === 'progress') say(told.line)
      if (told.kind === 'failed') reject(new Error(told.line))
      if (told.kind === 'ready') resolve(told.state)
    })
  })
}

const say = (line: string) => console.log(`cluster: ${line}`)

try {
  say(await up())
} catch (error) {
  console.error(`cluster: there is none. ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
