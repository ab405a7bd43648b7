import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cacheFolder } from '../parts/find-parts.ts'

/** What the one who takes the cluster down has to know of it, and the one who plays with it. */
export type PlaygroundState = NodeState | { readonly by: 'kind' }

export interface NodeState {
  readonly by: 'node'
  /** Of the process that all of it ends with. */
  readonly pid: number
  /** Of the node, its bridge and its cgroups; not there yet while it starts. */
  readonly name?: string
  /** Of the cluster's files. */
  readonly folder?: string
  /** Of the emulator; there when all else is. */
  readonly controlUrl?: string
}

/** Beside the programs of the cluster: `kubeconfig`, `kubectl`, a log, and the state. It goes with the cluster. */
export const playgroundFolder = (env: Readonly<Record<string, string | undefined>>): string =>
  join(dirname(cacheFolder(env, 'kubernetes')), 'cluster')

export const writeState = (folder: string, state: PlaygroundState): void =>
  writeFileSync(stateFile(folder), JSON.stringify(state))

/** The state of a cluster that runs or starts; nothing when there is none. */
export function readState(folder: string): PlaygroundState | undefined {
  const text = readText(stateFile(folder))
  if (!text) return undefined
  const state = JSON.parse(text) as PlaygroundState
  return state.by === 'kind' || isServing(state.pid, folder) ? state : undefined
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

const stateFile = (folder: string) => join(folder, 'state.json')
