import { join } from 'node:path'
import { type AgentConfig, envFileName, envFolder, filesFolder, hasFiles } from '../contract.ts'
import type { FileSet } from '../projection/file-set.ts'
import type { Content } from '../projection/project-content.ts'
import { parseEnvFile, renderEnvFile } from './env-file.ts'
import { readFileSet, sweepFileSets } from './read-file-set.ts'
import { type PreparedSet, prepareFileSet } from './write-file-set.ts'

/** Only the kubelet reads it, as root. No other container mounts the volume. */
const envFileMode = 0o400

/** The pod's two volumes, for files and for variables. A volume that the configuration doesn't need is never touched. */
export interface Volumes {
  /** The current content, or undefined if a set is missing. `writtenAtMs`: when the older of the two was written. */
  read(): { readonly content: Content; readonly writtenAtMs: number } | undefined
  /**
   * Makes the content visible to the pod, variables before files. If writing fails, nothing changes. Only a kill between
   * the two renames can leave new variables beside old files. Throws an AkvError.
   */
  write(content: Content): void
  /** Removes the sets that are no longer current. */
  sweep(): void
}

export function openVolumes(root: string, config: AgentConfig): Volumes {
  const files = hasFiles(config) ? [join(root, filesFolder)] : []
  const env = config.env.length > 0 ? [join(root, envFolder)] : []

  return {
    read() {
      const fileSets = files.map(readFileSet)
      const envSets = env.map(readFileSet)
      const variables = envSets.map((set) => parseEnvFile(set?.files.get(envFileName)?.bytes))
      const times = [...envSets, ...fileSets].flatMap((set) => set?.writtenAtMs ?? [])
      if ([...fileSets, ...variables].includes(undefined)) return undefined
      const content = {
        files: fileSets[0]?.files ?? new Map(),
        env: variables[0] ?? new Map(),
      }
      return { content, writtenAtMs: Math.min(...times) }
    },
    write(content) {
      const envFile = { bytes: renderEnvFile(content.env), mode: envFileMode }
      switchSets([
        ...env.map((volume) => ({ volume, set: new Map([[envFileName, envFile]]) })),
        ...files.map((volume) => ({ volume, set: content.files })),
      ])
    },
    sweep() {
      for (const volume of [...env, ...files]) sweepFileSets(volume)
    },
  }
}

/** Writes every set before it switches the first, so that a full volume fails before anything changes. */
function switchSets(wanted: readonly { readonly volume: string; readonly set: FileSet }[]): void {
  const prepared: PreparedSet[] = []
  try {
    for (const { volume, set } of wanted) prepared.push(prepareFileSet(volume, set))
    for (const set of prepared) set.commit()
  } catch (error) {
    for (const set of prepared) set.discard()
    throw error
  }
}
