import { copyFileSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { readEmulatorData } from '../../../laptop/emulator/emulator.ts'
import type { Parsed } from '../../../lib/problems/parsed.ts'
import { reasonOf } from '../../../lib/reason-of.ts'
import { connect } from '../client/api.ts'
import { clusterOf } from '../client/cluster.ts'
import { startCluster } from '../harness/control-plane/start-cluster.ts'
import { createMachineResource } from '../harness/machine-resource.ts'
import { temporaryFolder } from '../harness/temporary-folder.ts'
import { startPods } from '../node/harness/start-pods.ts'
import { findNode } from '../node/machine/find-node.ts'
import { forward } from '../node/machine/forward.ts'
import { createNetwork } from '../node/machine/network.ts'
import { findHelm } from '../parts/find-helm.ts'
import { apiServerParts, findParts } from '../parts/find-parts.ts'
import { installByHelm } from './install-by-helm.ts'
import { serveServices } from './services/serve-services.ts'
import { clusterDomain } from './services/service-table.ts'
import { type NodeState, writeState } from './state.ts'

/**
 * The process behind `npm run cluster`. Its arguments are the folder for its state and the file of the vault data. It needs no clean-up code: everything
 * that it starts and creates ends when this process ends, for whatever reason.
 */

/** A message to the parent process. The last one is `ready` or `failed`. */
export type ServeMessage =
  | { readonly kind: 'progress' | 'failed'; readonly line: string }
  | { readonly kind: 'ready'; readonly state: NodeState }

const report = (message: ServeMessage) => process.send?.(message)

async function serve(stateFolder: string, vaultData: string): Promise<NodeState> {
  const data = readEmulatorData(vaultData)
  await createMachineResource({
    create: ':',
    remove: `rm -rf -- '${stateFolder.replaceAll("'", "'\\''")}'`,
  })
  const { env, pid } = process
  const starting = { runner: 'node', pid } as const
  writeState(stateFolder, starting)
  const options = { env, log: (line: string) => void report({ kind: 'progress', line }) }
  const found = orThrow(await findNode({ ...options, install: false }))
  const helm = orThrow(await findHelm(options))
  const parts = orThrow(await findParts({ ...options, names: apiServerParts }))

  options.log('starting the cluster')
  const { path: folder } = temporaryFolder()
  const network = await createNetwork()
  const named = { ...starting, name: network.name, folder }
  writeState(stateFolder, named)
  const local = await startCluster({ parts, folder, network })
  const { kubeconfigFile } = local
  const api = connect(kubeconfigFile)
  const cluster = clusterOf(api)
  await serveServices(api, network, { vaultDomain })
  const { azure, environment } = await startPods({
    ...{ folder, network, local, cluster, found, clusterDomain },
    data: readFileSync(vaultData, 'utf8'),
    vaultDnsNames: [`*.${vaultDomain}`],
    async install(cluster, azure) {
      const { hostname: host, port } = new URL(azure.url)
      await forward({ from: { host, port: 443 }, to: () => ({ host, port: Number(port) }) })
      await installByHelm(cluster, azure, { kubeconfigFile, helm, data, vaultDomain })
    },
  })
  copyFileSync(kubeconfigFile, join(stateFolder, 'kubeconfig'))
  symlinkSync(environment.kubectl, join(stateFolder, 'kubectl'))
  symlinkSync(helm, join(stateFolder, 'helm'))
  const state = { ...named, controlUrl: azure.controlUrl }
  writeState(stateFolder, state)
  return state
}

/** As in Azure's public cloud, so that the stores of ExternalSecrets work as they are. */
const vaultDomain = 'vault.azure.net'

function orThrow<T>(found: Parsed<T>): T {
  if (found.kind === 'invalid') throw new Error(found.problem)
  return found.value
}

// The parent process ended before the cluster was ready, so nobody would know about the cluster.
const giveUp = () => process.exit(1)
process.once('disconnect', giveUp)
try {
  const state = await serve(process.argv[2] ?? '', process.argv[3] ?? '')
  process.off('disconnect', giveUp)
  report({ kind: 'ready', state })
  process.disconnect?.()
} catch (error) {
  console.error(error)
  report({ kind: 'failed', line: reasonOf(error) })
  process.disconnect?.()
}
