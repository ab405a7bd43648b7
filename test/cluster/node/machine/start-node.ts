import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { writeContainerdConfig } from './containerd-config.ts'
import { writeKubeletConfig } from './kubelet-config.ts'
import type { Network } from './network.ts'

export interface NodeOptions {
  /** The folder of the cluster, which has the node's credentials. The node's files go there, too. */
  readonly folder: string
  readonly network: Network
  readonly programs: NodePrograms
  /** The domain of Services, if a DNS server listens at the network's gateway. */
  readonly clusterDomain?: string | undefined
}

export interface NodePrograms {
  readonly kubelet: string
  readonly containerd: string
  readonly 'containerd-shim-runc-v2': string
  readonly ctr: string
  readonly runc: string
  /** The folder of the CNI plugins. */
  readonly pluginFolder: string
}

export interface RunningNode {
  /** Resolves when the node has ended, for whatever reason. */
  readonly ended: Promise<unknown>
  /** Ends the node and its pods. Resolves when only its files are left. */
  stop(): Promise<void>
}

/** Starts containerd and a kubelet in namespaces that end when this process ends, for whatever reason. */
export function startNode({ folder, network, programs, clusterDomain }: NodeOptions): RunningNode {
  for (const name of ['cni', 'pod-logs', 'volume-plugins']) mkdirSync(join(folder, name))
  writeContainerdConfig({ folder, network, ...programs })
  writeKubeletConfig({ folder, network, clusterDomain })
  const { pluginFolder: _, ...paths } = programs
  const PATH = [...new Set(Object.values(paths).map(dirname)), process.env['PATH']].join(delimiter)
  const log = openSync(join(folder, 'node.log'), 'a')
  const script = (name: string) => join(import.meta.dirname, name)
  const shell = spawn(
    '/bin/sh',
    [script('machine.sh'), script('init.sh'), folder, network.name, network.gateway],
    {
      stdio: ['pipe', log, log],
      env: { ...process.env, PATH },
      detached: true,
    },
  )
  closeSync(log)
  const ended = once(shell, 'close')
  return {
    ended,
    async stop() {
      shell.stdin?.end()
      await ended
    },
  }
}
