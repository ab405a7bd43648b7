import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import type { ContainerStatus, OpenNode } from './open-node.ts'

/** Returns the folder of a container's cgroup. In cgroup v1, it is the one of the memory controller. */
export function cgroupOf(
  { environment }: OpenNode,
  { containerID = '' }: ContainerStatus,
): { readonly folder: string; readonly isV2: boolean } {
  const root = '/sys/fs/cgroup'
  const isV2 = existsSync(join(root, 'cgroup.procs'))
  const tree = join(root, isV2 ? '' : 'memory', environment.nodeName)
  const [folder] = globSync(join(tree, '**', containerID.replace('containerd://', '')))
  if (!folder) throw new Error(`no cgroup of ${containerID} below ${tree}`)
  return { folder, isV2 }
}
