import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cacheFolder } from '../parts/find-parts.ts'

/** What `npm run cluster:down` needs to stop the cluster, and what `npm run cluster` prints. */
export type PlaygroundState = NodeState | { readonly runner: 'kind' }

export interface NodeState {
  readonly runner: 'node'
  /** The process that runs the cluster. Everything ends with it. */
  readonly pid: number
  /** The name of the node, its bridge and its cgroups; absent while the cluster starts. */
  readonly name?: string
  /** The folder of the cluster's files. */
  readonly folder?: string
  /** The emulator's control URL; absent until the cluster is ready. */
  readonly controlUrl?: string
}

/** Returns the folder of `kubeconfig`, `kubectl`, a log and the state, which is removed with the cluster. */
export const playgroundFolder = (env: Readonly<Record<string, string | undefined>>): string =>
  join(dirname(cacheFolder(env, 'kubernetes')), 'cluster')

export const writeState = (folder: string, state: PlaygroundState): void =>
  writeFileSync(stateFile(folder), JSON.stringify(state))

/** Returns the state of the cluster that runs or starts, if there is one. */
export function readState(folder: string): PlaygroundState | undefined {
  const text = readText(stateFile(folder))
  if (!text) return undefined
  const state = JSON.parse(text) as PlaygroundState
  return state.runner === 'kind' || isServing(state.pid, folder) ? state : undefined
}

/** Tells whether the process still runs the cluster. Another process may have its number by now. */
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
