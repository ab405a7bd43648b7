import { spawn } from 'node:child_process'
import { mkdirSync, openSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { reasonOf } from '../../../lib/reason-of.ts'
import { describePlayground } from './describe-playground.ts'
import { checkKind, startKind } from './kind.ts'
import type { ServeMessage } from './serve.ts'
import {
  type NodeState,
  type PlaygroundState,
  playgroundFolder,
  readState,
  writeState,
} from './state.ts'

/** `npm run cluster [-- --kind]`: starts a cluster for experiments, and leaves it running. */

const folder = playgroundFolder(process.env)

async function up(): Promise<string> {
  const running = readState(folder)
  if (running?.by === 'node' && !running.controlUrl)
    return 'another `npm run cluster` is starting the cluster'
  if (running) return `the cluster is already running.\n${describePlayground(folder, running)}`
  // A cluster that ended because the machine was shut down leaves this folder.
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(dirname(folder), { recursive: true })
  mkdirSync(folder, { mode: 0o700 })
  const state = process.argv.includes('--kind') ? await startByKind() : await startOnNode()
  return `the cluster is running.\n${describePlayground(folder, state)}`
}

async function startByKind(): Promise<PlaygroundState> {
  const state = { by: 'kind' } as const
  try {
    checkKind()
    // Before the start, so that `npm run cluster:down` works even after a Ctrl-C.
    writeState(folder, state)
    await startKind(join(folder, 'kubeconfig'), say)
    return state
  } catch (error) {
    rmSync(folder, { recursive: true })
    throw error
  }
}

/** @throws Error with the reason if the cluster can't start */
function startOnNode(): Promise<NodeState> {
  const log = openSync(join(folder, 'log'), 'a')
  const serve = spawn(process.execPath, [join(import.meta.dirname, 'serve.ts'), folder], {
    stdio: ['ignore', log, log, 'ipc'],
    detached: true,
  })
  serve.unref()
  return new Promise((resolve, reject) => {
    serve.once('exit', () => reject(new Error('the process ended before the cluster was ready')))
    serve.once('error', reject)
    serve.on('message', (message: ServeMessage) => {
      if (message.kind === 'progress') say(message.line)
      if (message.kind === 'failed') reject(new Error(`${message.line}\n${otherWay}`))
      if (message.kind === 'ready') resolve(message.state)
    })
  })
}

const otherWay = 'With Docker, kind and kubectl you can run `npm run cluster -- --kind` instead.'
const say = (line: string) => console.log(`cluster: ${line}`)

try {
  say(await up())
} catch (error) {
  console.error(`cluster: could not start the cluster. ${reasonOf(error)}`)
  process.exitCode = 1
}
