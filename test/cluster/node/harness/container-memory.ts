import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cgroupOf } from './cgroup-of.ts'
import type { ContainerStatus, OpenNode } from './open-node.ts'

/** The memory that the kernel charges to a container, in bytes. */
export interface ContainerMemory {
  readonly anon: number
  /** The page cache and tmpfs. The kernel can reclaim the page cache when memory is short. */
  readonly file: number
  readonly kernel: number
  /** The highest total so far. */
  readonly peak: number
}

export function containerMemory(node: OpenNode, container: ContainerStatus): ContainerMemory {
  const { folder, isV2 } = cgroupOf(node, container)
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  const stat = new Map(
    read('memory.stat')
      .split('\n')
      .map((line) => line.split(' ') as [string, string]),
  )
  const ofStat = (name: string) => Number(stat.get(name))
  return isV2
    ? {
        ...{ anon: ofStat('anon'), file: ofStat('file'), kernel: ofStat('kernel') },
        peak: Number(read('memory.peak')),
      }
    : {
        ...{ anon: ofStat('rss'), file: ofStat('cache') },
        kernel: Number(read('memory.kmem.usage_in_bytes')),
        peak: Number(read('memory.max_usage_in_bytes')),
      }
}
