import { existsSync, rmSync } from 'node:fs'
import { until } from '../client/cluster.ts'
import { leftovers } from '../node/machine/leftovers.ts'
import { stopKind } from './kind.ts'
import { isServing, type NodeState, playgroundFolder, readState } from './state.ts'

/** `npm run cluster:down`: ends what `npm run cluster` has started. */

const folder = playgroundFolder(process.env)

async function down(): Promise<string> {
  const running = readState(folder)
  if (!running) return 'there is none'
  if (running.by === 'kind') {
    stopKind()
    rmSync(folder, { recursive: true })
  } else await end(running)
  return 'it has gone, and nothing of it is left'
}

async function end({ pid, name, folder: files }: NodeState): Promise<void> {
  process.kill(pid)
  const left = () => [
    ...(isServing(pid, folder) || existsSync(folder) ? [`process ${pid}, or ${folder}`] : []),
    ...(name && files ? leftovers({ name, folder: files }) : []),
  ]
  await until(async () => left().length === 0, endTimeoutMs).catch(() => {
    throw new Error(`this is still on the machine:\n${left().join('\n')}`)
  })
}

const endTimeoutMs = 60_000

try {
  console.log(`cluster: ${await down()}`)
} catch (error) {
  console.error(`cluster: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
