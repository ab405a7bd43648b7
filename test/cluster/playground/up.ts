import { spawn } from 'node:child_process'
import { mkdirSync, openSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describePlayground } from './describe-playground.ts'
import { checkKind, startKind } from './kind.ts'
import type { Told } from './serve.ts'
import {
  type NodeState,
  type PlaygroundState,
  playgroundFolder,
  readState,
  writeState,
} from './state.ts'

/** `npm run cluster [-- --kind]`: starts a cluster to play with, and leaves it running. */

const folder = playgroundFolder(process.env)

async function up(): Promise<string> {
  const running = readState(folder)
  if (running?.by === 'node' && !running.controlUrl)
    return 'it is about to start already: another `npm run cluster` is at it'
  if (running) return `it runs already.\n${describePlayground(folder, running)}`
  // Of a cluster that ended with the machine.
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(dirname(folder), { recursive: true })
  mkdirSync(folder, { mode: 0o700 })
  const state = process.argv.includes('--kind') ? await startByKind() : await startOnNode()
  return `it runs.\n${describePlayground(folder, state)}`
}

async function startByKind(): Promise<PlaygroundState> {
  const state = { by: 'kind' } as const
  try {
    checkKind()
    // Before it starts, so that what a Ctrl-C leaves can be taken down.
    writeState(folder, state)
    await startKind(join(folder, 'kubeconfig'), say)
    return state
  } catch (error) {
    rmSync(folder, { recursive: true })
    throw error
  }
}

/** @throws Error with what it says, when it can't */
function startOnNode(): Promise<NodeState> {
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
      if (told.kind === 'failed') reject(new Error(`${told.line}\n${otherWay}`))
      if (told.kind === 'ready') resolve(told.state)
    })
  })
}

const otherWay =
  'Where Docker, kind and kubectl are, there is another way: npm run cluster -- --kind'
const say = (line: string) => console.log(`cluster: ${line}`)

try {
  say(await up())
} catch (error) {
  console.error(`cluster: there is none. ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
