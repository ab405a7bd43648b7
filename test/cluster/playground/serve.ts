import { copyFileSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from '../client/api.ts'
import { clusterOf } from '../client/cluster.ts'
import { createMachineResource } from '../harness/machine-resource.ts'
import { startCluster } from '../harness/start-cluster.ts'
import { temporaryFolder } from '../harness/temporary-folder.ts'
import { startPods } from '../node/harness/start-pods.ts'
import { findNode } from '../node/machine/find-node.ts'
import { createNetwork } from '../node/machine/network.ts'
import { apiServerParts, findParts } from '../parts/find-parts.ts'
import { installSync } from './install-sync.ts'
import { type NodeState, writeState } from './state.ts'

/**
 * The process behind `npm run cluster`, given the folder of its state. It undoes nothing: all that it starts and makes
 * ends with it, however it ends.
 */

/** What it tells the one who started it; the last is that it is ready, or has failed. */
export type Told =
  | { readonly kind: 'progress' | 'failed'; readonly line: string }
  | { readonly kind: 'ready'; readonly state: NodeState }

const tell = (told: Told) => process.send?.(told)

async function serve(stateFolder: string): Promise<NodeState> {
  await createMachineResource({
    create: ':',
    remove: `rm -rf -- '${stateFolder.replaceAll("'", "'\\''")}'`,
  })
  const { env, pid } = process
  const starting = { by: 'node', pid } as const
  writeState(stateFolder, starting)
  const options = { env, tell: (line: string) => void tell({ kind: 'progress', line }) }
  const found = orThrow(await findNode({ ...options, install: false }))
  const { parts } = orThrow(await findParts({ ...options, names: apiServerParts }))

  options.tell('starting the cluster')
  const { path: folder } = temporaryFolder()
  const network = await createNetwork()
  const made = { ...starting, name: network.name, folder }
  writeState(stateFolder, made)
  const local = await startCluster({ parts, folder, network })
  const cluster = clusterOf(connect(local.kubeconfigFile))
  const data = readFileSync(exampleData, 'utf8')
  const { azure, environment } = await startPods({ folder, network, local, cluster, found, data })
  await installSync(cluster, azure)
  copyFileSync(local.kubeconfigFile, join(stateFolder, 'kubeconfig'))
  symlinkSync(environment.kubectl, join(stateFolder, 'kubectl'))
  const state = { ...made, controlUrl: azure.controlUrl }
  writeState(stateFolder, state)
  return state
}

function orThrow<T extends object>(found: T | { readonly problem: string }): T {
  if ('problem' in found) throw new Error(found.problem)
  return found
}

const exampleData = join(import.meta.dirname, '../../../manifests/examples/vault.yaml')

// Who started it has gone before it was ready: nobody would know of it.
const giveUp = () => process.exit(1)
process.once('disconnect', giveUp)
try {
  const state = await serve(process.argv[2] ?? '')
  process.off('disconnect', giveUp)
  tell({ kind: 'ready', state })
  process.disconnect?.()
} catch (error) {
  console.error(error)
  tell({ kind: 'failed', line: error instanceof Error ? error.message : String(error) })
  process.disconnect?.()
}
