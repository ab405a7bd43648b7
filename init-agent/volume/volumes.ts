import { join } from 'node:path'
import { type AgentConfig, envFileName, envFolder, filesFolder, hasFiles } from '../contract.ts'
import type { FileSet } from '../projection/file-set.ts'
import type { Content } from '../projection/project-content.ts'
import { parseEnvFile, renderEnvFile } from './env-file.ts'
import { readFileSet, sweepFileSets } from './read-file-set.ts'
import { type PreparedSet, prepareFileSet } from './write-file-set.ts'

/** Root in the kubelet reads it; no container mounts the volume but the agent's. */
const envFileMode = 0o400

/** The pod's two volumes below the agent's root. One that the configuration has no use for is never looked at. */
export interface Volumes {
  /** What the pod has; undefined where a set is missing. `writtenAtMs`: when the older of the two was written. */
  read(): { readonly content: Content; readonly writtenAtMs: number } | undefined
  /** Lets the pod have it, variables before files. All or nothing up to the two renames. Throws an AkvError. */
  write(content: Content): void
  /** Removes the sets that aren't current any more. */
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

/** Writes all sets before the first is seen, so that what can fail has failed before anything changes. */
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
