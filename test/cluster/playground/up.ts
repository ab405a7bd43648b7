import { mkdirSync, openSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readEmulatorData } from '../../../laptop/emulator/emulator.ts'
import { reasonOf } from '../../../lib/reason-of.ts'
import { describePlayground } from './describe-playground.ts'
import { checkKind, startKind } from './kind.ts'
import { startServing } from './start-serving.ts'
import {
  type NodeState,
  type PlaygroundState,
  playgroundFolder,
  readState,
  writeState,
} from './state.ts'
import { createWorking } from './working.ts'

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

async function startOnNode(vaultData: string): Promise<NodeState> {
  try {
    return await startServing({
      args: [join(import.meta.dirname, 'serve.ts'), folder, vaultData],
      log: openSync(join(folder, 'log'), 'a'),
      onProgress(line) {
        working.hide()
        say(line)
        working.show('working')
      },
    })
  } catch (error) {
    throw new Error(`${reasonOf(error)}\n${otherWay}`)
  } finally {
    working.hide()
  }
}

const otherWay = 'With Docker, kind and kubectl you can run `npm run cluster -- --kind` instead.'
const say = (line: string) => console.log(`cluster: ${line}`)
const working = createWorking({ isTerminal: process.stderr.isTTY, say })

try {
  say(await up())
} catch (error) {
  console.error(`cluster: could not start the cluster. ${reasonOf(error)}`)
  process.exitCode = 1
}
