import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface LeftoversOptions {
  /** The name of the node, its bridge and its cgroups. */
  readonly name: string
  /** The folder of the cluster's files. */
  readonly folder: string
}

/** Lists the files, processes, mounts, cgroups and the bridge of a stopped cluster that are still on this machine. */
export function leftovers({ name, folder }: LeftoversOptions): readonly string[] {
  const named = isUsedByOther(name, folder) ? [] : [`/sys/class/net/${name}`, ...cgroupsOf(name)]
  return [
    ...[folder, ...named].filter(existsSync),
    ...processesOf(folder).map((pid) => `process ${pid}`),
    ...readText('/proc/self/mountinfo')
      .split('\n')
      .filter((line) => line.includes(folder))
      .map((line) => `mount ${line}`),
  ]
}

/** cgroup v2 has one tree, v1 one for each controller. */
function cgroupsOf(name: string): string[] {
  const root = '/sys/fs/cgroup'
  const trees = readdirSync(root).map((tree) => join(root, tree))
  return [root, ...trees].map((tree) => join(tree, name))
}

/** Tells whether another cluster has taken the name, which is free once the first cluster has ended. */
function isUsedByOther(name: string, folder: string): boolean {
  const ours = new Set(processesOf(folder))
  return processesOf(`\0${name}\0`).some((pid) => !ours.has(pid))
}

/** Finds processes by their command lines. Those of a cluster contain its folder, except in pods. */
export const processesOf = (text: string): string[] =>
  readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && readText(`/proc/${pid}/cmdline`).includes(text),
  )

/** A process may end while we read its files. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
