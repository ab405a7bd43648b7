import { existsSync, rmSync } from 'node:fs'
import { reasonOf } from '../../../lib/reason-of.ts'
import { until } from '../client/cluster.ts'
import { leftovers } from '../node/machine/leftovers.ts'
import { stopKind } from './kind.ts'
import { isServing, type NodeState, playgroundFolder, readState } from './state.ts'

/** `npm run cluster:down`: stops the cluster that `npm run cluster` started. */

const folder = playgroundFolder(process.env)

async function down(): Promise<string> {
  const running = readState(folder)
  if (!running) return 'no cluster is running'
  if (running.runner === 'kind') {
    stopKind()
    rmSync(folder, { recursive: true })
  } else await end(running)
  return 'the cluster and all its files were removed'
}

async function end({ pid, name, folder: files }: NodeState): Promise<void> {
  process.kill(pid)
  const remaining = () => [
    ...(isServing(pid, folder) || existsSync(folder) ? [`process ${pid}, or ${folder}`] : []),
    ...(name && files ? leftovers({ name, folder: files }) : []),
  ]
  await until(async () => remaining().length === 0, endTimeoutMs).catch(() => {
    throw new Error(
      `these parts of the cluster are still on this machine:\n${remaining().join('\n')}`,
    )
  })
}

const endTimeoutMs = 60_000

try {
  console.log(`cluster: ${await down()}`)
} catch (error) {
  console.error(`cluster: ${reasonOf(error)}`)
  process.exitCode = 1
}
