import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface LeftoversOptions {
  /** Of the node, its bridge and its cgroups. */
  readonly name: string
  /** Of the cluster's files. */
  readonly folder: string
}

/** What is still on this machine of a cluster that has ended, in words. */
export function leftovers({ name, folder }: LeftoversOptions): readonly string[] {
  const named = isAnothers(name, folder) ? [] : [`/sys/class/net/${name}`, ...cgroupsOf(name)]
  return [
    ...[folder, ...named].filter(existsSync),
    ...processesOf(folder).map((pid) => `process ${pid}`),
    ...readText('/proc/self/mountinfo')
      .split('\n')
      .filter((line) => line.includes(folder))
      .map((line) => `mount ${line}`),
  ]
}

/** In the one tree of cgroup v2, or in each of v1's. */
function cgroupsOf(name: string): string[] {
  const root = '/sys/fs/cgroup'
  const trees = readdirSync(root).map((tree) => join(root, tree))
  return [root, ...trees].map((tree) => join(tree, name))
}

/** A cluster that starts meanwhile takes the first name that is free. */
function isAnothers(name: string, folder: string): boolean {
  const ours = new Set(processesOf(folder))
  return processesOf(`\0${name}\0`).some((pid) => !ours.has(pid))
}

/** By their command lines: everything of a cluster's has a path of its folder there, but for what runs in pods. */
export const processesOf = (text: string): string[] =>
  readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && readText(`/proc/${pid}/cmdline`).includes(text),
  )

/** Processes may end while one looks. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
