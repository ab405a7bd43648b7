import { spawn } from 'node:child_process'
import { mkdirSync, openSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readEmulatorData } from '../../../cli/emulator/emulator.ts'
import { reasonOf } from '../../../lib/reason-of.ts'
import { createProgress } from '../../../lib/terminal/terminal-progress.ts'
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

/** `npm run cluster [-- --kind] [-- --vault-data FILE]`: starts a cluster for experiments, and leaves it running. */

const folder = playgroundFolder(process.env)

const exampleData = join(import.meta.dirname, '../../../manifests/examples/vault.yaml')

async function up(): Promise<string> {
  const { values } = parseArgs({
    options: { kind: { type: 'boolean' }, 'vault-data': { type: 'string' } },
  })
  const vaultData = resolve(values['vault-data'] ?? exampleData)
  // Mistakes in the file are reported before anything starts.
  readEmulatorData(vaultData)
  const running = readState(folder)
  if (running?.runner === 'node' && !running.controlUrl)
    return 'another `npm run cluster` is starting the cluster'
  if (running) return `the cluster is already running.\n${describePlayground(folder, running)}`
  // A cluster that ended because the machine was shut down leaves this folder.
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(dirname(folder), { recursive: true })
  mkdirSync(folder, { mode: 0o700 })
  const state = values.kind ? await startByKind(vaultData) : await startOnNode(vaultData)
  return `the cluster is running.\n${describePlayground(folder, state)}`
}

async function startByKind(vaultData: string): Promise<PlaygroundState> {
  const state = { runner: 'kind' } as const
  try {
    checkKind()
    // Before the start, so that `npm run cluster:down` works even after a Ctrl-C.
    writeState(folder, state)
    await startKind({ kubeconfig: join(folder, 'kubeconfig'), vaultData, log: say })
    return state
  } catch (error) {
    rmSync(folder, { recursive: true })
    throw error
  }
}

/** @throws Error with the reason if the cluster can't start */
function startOnNode(vaultData: string): Promise<NodeState> {
  const log = openSync(join(folder, 'log'), 'a')
  const serve = spawn(
    process.execPath,
    [join(import.meta.dirname, 'serve.ts'), folder, vaultData],
    {
      stdio: ['ignore', log, log, 'ipc'],
      detached: true,
    },
  )
  serve.unref()
  return new Promise((resolve, reject) => {
    serve.once('exit', progress.hide)
    serve.once('exit', () => reject(new Error('the process ended before the cluster was ready')))
    serve.once('error', reject)
    serve.on('message', (message: ServeMessage) => {
      progress.hide()
      if (message.kind === 'progress') {
        say(message.line)
        progress.show('working')
      }
      if (message.kind === 'failed') reject(new Error(`${message.line}\n${otherWay}`))
      if (message.kind === 'ready') resolve(message.state)
    })
  })
}

const otherWay = 'With Docker, kind and kubectl you can run `npm run cluster -- --kind` instead.'
const progress = createProgress()
const say = (line: string) => console.log(`cluster: ${line}`)

try {
  say(await up())
} catch (error) {
  console.error(`cluster: could not start the cluster. ${reasonOf(error)}`)
  process.exitCode = 1
}
