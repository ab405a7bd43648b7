import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Cluster, until } from '../../client/cluster.ts'
import { readKubeconfig } from '../../client/kubeconfig.ts'
import {
  flags,
  type LocalCluster,
  plainProcess,
} from '../../harness/control-plane/start-cluster.ts'
import { startEmulatorProcess } from '../../harness/emulator-process.ts'
import { lastLines } from '../../harness/last-lines.ts'
import { startOwnedProcess } from '../../harness/owned-process.ts'
import { publishIssuerKeys } from '../../harness/publish-issuer-keys.ts'
import { importImages } from '../images/import-images.ts'
import type { FoundNode } from '../machine/find-node.ts'
import { forward } from '../machine/forward.ts'
import type { Network } from '../machine/network.ts'
import { startNode } from '../machine/start-node.ts'
import { startIdentityWebhook } from './identity-webhook.ts'
import { installWithVault } from './install-with-vault.ts'
import type { NodeEnvironment } from './node-environment.ts'
import { podLogs } from './pod-logs.ts'
import { vaultData } from './vault-data.ts'

export interface PodsOptions {
  readonly folder: string
  readonly network: Network
  readonly local: LocalCluster
  readonly cluster: Cluster
  readonly found: FoundNode
  /** The content of the emulated vaults; by default that of the tests. */
  readonly data?: string
  /** The domain of Services for pods, if a DNS server listens at the network's gateway. */
  readonly clusterDomain?: string
  /** The DNS names of the vaults, which that server resolves. */
  readonly vaultDnsNames?: readonly string[]
  /** Installs akv-injector; by default from the manifests. Resolves when annotated pods are admitted. */
  readonly install?: typeof installWithVault
}

/**
 * Starts everything that pods with secrets need: a node, an emulated Azure, azure-workload-identity's webhook, and
 * akv-injector's pods. Resolves when annotated pods are admitted.
 */
export async function startPods(options: PodsOptions) {
  const { folder, network, local, cluster, found, data = vaultData(), clusterDomain } = options
  const { install = installWithVault } = options
  const { programs, archives } = found
  const undo: (() => unknown)[] = []
  const stop = async () => {
    for (const step of undo.reverse()) await step()
  }
  try {
    const api = { host: network.apiAddress, port: 443 }
    const forwarded = await forward({
      from: api,
      to: () => ({ host: '127.0.0.1', port: local.apiPort }),
    })
    undo.push(() => forwarded.close())
    const scheduler = startOwnedProcess({
      program: programs['kube-scheduler'],
      args: flags({ kubeconfig: local.kubeconfigFile, ...plainProcess }),
      logFile: join(folder, 'kube-scheduler.log'),
    })
    undo.push(() => scheduler.stop())
    const node = startNode({ folder, network, programs, clusterDomain })
    undo.push(() => node.stop())
    const socket = join(folder, 'containerd.sock')
    await withoutEnd(node.ended, importImages({ ctr: programs.ctr, socket, archives }), folder)
    await withoutEnd(node.ended, untilReady(cluster, network.name), folder)
    undo.push(await publishIssuerKeys(cluster))
    const dataFile = join(folder, 'vault.yaml')
    writeFileSync(dataFile, data)
    const azure = await startEmulatorProcess({
      access: readKubeconfig(local.kubeconfigFile),
      folder,
      host: network.gateway,
      data: dataFile,
      ...(options.vaultDnsNames && { dnsNames: options.vaultDnsNames }),
    })
    undo.push(() => azure.stop())
    const identity = await startIdentityWebhook(cluster)
    undo.push(() => identity.close())
    await install(cluster, azure).catch((error: Error) => {
      throw new Error(`${error.message}\n${podLogs(folder, 'akv-injector')}`)
    })
    const environment: NodeEnvironment = {
      kubectl: programs.kubectl,
      ctr: programs.ctr,
      containerd: socket,
      nodeName: network.name,
      vault: { url: azure.url, controlUrl: azure.controlUrl, tokenProxy: azure.tokenProxy },
    }
    return { environment, azure, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** @throws Error with the last output of the node's programs if the node ends first */
async function withoutEnd<T>(ended: Promise<unknown>, wanted: Promise<T>, folder: string) {
  const end = ended.then(() => {
    const output = ['node', 'containerd', 'kubelet'].map((name) =>
      lastLines(join(folder, `${name}.log`)),
    )
    throw new Error(`the node ended. The last output of its programs:\n${output.join('\n')}`)
  })
  return await Promise.race([wanted, end])
}

const untilReady = (cluster: Cluster, name: string) =>
  until(async () => {
    const { body } = await cluster.get({ apiVersion: 'v1', kind: 'Node', metadata: { name } })
    const { conditions = [] } = (body['status'] ?? {}) as { conditions?: Condition[] }
    return conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
  }, 60_000)

interface Condition {
  readonly type: string
  readonly status: string
}
