import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cacheFolder } from '../parts.ts'

/** What the one who takes the cluster down has to know of it, and the one who plays with it. */
export interface PlaygroundState {
  /** Of the process that all of it ends with. */
  readonly pid: number
  /** Of the node, its bridge and its cgroups; not there yet while it starts. */
  readonly name?: string
  /** Of the cluster's files. */
  readonly folder?: string
  /** Of the emulator. */
  readonly controlUrl?: string
}

/** Beside the programs of the cluster: `kubeconfig`, `kubectl`, a log, and the state. It goes with the cluster. */
export const playgroundFolder = (env: Readonly<Record<string, string | undefined>>): string =>
  join(dirname(cacheFolder(env, 'kubernetes')), 'cluster')

export const stateFile = (folder: string): string => join(folder, 'state.json')

/** The state of a cluster that runs or starts; nothing when there is none. */
export function readState(folder: string): PlaygroundState | undefined {
  const text = readText(stateFile(folder))
  if (!text) return undefined
  const state = JSON.parse(text) as PlaygroundState
  return isServing(state.pid, folder) ? state : undefined
}

/** Another process may have got that number since. */
export const isServing = (pid: number, folder: string): boolean =>
  readText(`/proc/${pid}/cmdline`).includes(`\0${folder}\0`)

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
