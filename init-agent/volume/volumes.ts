import { join } from 'node:path'
import {
  type AgentConfig,
  envFileName,
  envFolder,
  filesFolder,
  hasFiles,
  lastFolder,
  servedFolder,
} from '../../delivery/contract.ts'
import { destinationKey } from '../../delivery/destination.ts'
import type { FileSet } from '../../delivery/projection/file-set.ts'
import type { Content } from '../../delivery/projection/project-content.ts'
import { parseEnvFile, renderEnvFile } from './env-file.ts'
import { openFreshMark } from './fresh-mark.ts'
import { openNotificationMark } from './notification-mark.ts'
import { currentFolder, readFileSet, sweepFileSets } from './read-file-set.ts'
import { openVersionsRecord } from './versions-record.ts'
import { type PreparedSet, prepareFileSet } from './write-file-set.ts'

/** Only the kubelet reads it, as root. No other container mounts the volume. */
const envFileMode = 0o400

interface FoundContent {
  readonly content: Content
  readonly writtenAtMs: number
}

/** One volume, and the part of the content that it holds. */
interface Volume {
  /** The folder that it is mounted at. */
  readonly path: string
  toSet(content: Content): FileSet
  /** Returns undefined if the agent didn't write the set. */
  toContent(set: FileSet): Content | undefined
}

export type Volumes = ReturnType<typeof openVolumes>

/**
 * Opens the pod's volumes for variables and for our own files, and its served volumes. A volume that isn't used is never
 * touched.
 */
export function openVolumes(root: string, config: AgentConfig) {
  // In the order of `readyPath`, which names the last one.
  const volumes = [
    ...(config.env.length > 0 ? [envVolume(join(root, envFolder))] : []),
    ...(hasFiles(config) ? [filesVolume(join(root, filesFolder))] : []),
    ...(config.volumes ?? []).map(({ name }) => filesVolume(join(root, servedFolder(name)), name)),
  ]
  const folder = volumes[0]?.path ?? root
  const currentSets = () => volumes.map(({ path }) => currentFolder(path) ?? '')
  return {
    /** The folder of one of them. */
    folder,
    /** The current content, or undefined if a set is missing. `writtenAtMs`: when the oldest of the sets was written. */
    read(): FoundContent | undefined {
      const found = volumes.flatMap((volume) => readVolume(volume) ?? [])
      return found.length === volumes.length ? combine(found) : undefined
    },
    /**
     * Makes the content visible to the pod: variables, then our own files, then the served volumes in the pod's order. If
     * writing fails, nothing changes. Only a kill between two renames can leave new sets beside old ones. Throws an AkvError.
     */
    write: (content: Content) =>
      switchSets(volumes.map(({ path, toSet }) => ({ volume: path, set: toSet(content) }))),
    /** The names of the sets' folders, which change with each set. */
    currentSets,
    /** Removes the sets that are no longer current. */
    sweep(): void {
      for (const { path } of volumes) sweepFileSets(path)
    },
    /** Only for pods with `staleAfterSeconds`. It is in the volume that is switched last. */
    freshness: openFreshMark(join(root, lastFolder(config))),
    record: openVersionsRecord(folder, currentSets),
    /** Only for pods with `notify`. */
    notification: openNotificationMark(folder),
  }
}

const envVolume = (path: string): Volume => ({
  path,
  toSet: ({ env }) => new Map([[envFileName, { bytes: renderEnvFile(env), mode: envFileMode }]]),
  toContent(set) {
    const env = parseEnvFile(set.get(envFileName)?.bytes)
    return env && { files: new Map(), env }
  },
})

/** @param name - of a served volume; absent for the volume of our own files */
const filesVolume = (path: string, name?: string): Volume => ({
  path,
  toSet: ({ files }) =>
    new Map(
      [...files.values()].flatMap(({ bytes, to }) =>
        to.kind === 'file' && to.volume === name ? [[to.path, { bytes, mode: to.mode }]] : [],
      ),
    ),
  toContent: (set) => ({
    files: new Map(
      [...set].map(([path, { bytes, mode }]) => {
        const to = { kind: 'file', path, mode, volume: name } as const
        return [destinationKey(to), { bytes, to }]
      }),
    ),
    env: new Map(),
  }),
})

function readVolume({ path, toContent }: Volume): FoundContent | undefined {
  const set = readFileSet(path)
  const content = set && toContent(set.files)
  return content && { content, writtenAtMs: set.writtenAtMs }
}

const combine = (found: readonly FoundContent[]): FoundContent => ({
  content: {
    files: new Map(found.flatMap(({ content }) => [...content.files])),
    env: new Map(found.flatMap(({ content }) => [...content.env])),
  },
  writtenAtMs: Math.min(...found.map(({ writtenAtMs }) => writtenAtMs)),
})

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
