import { resolve } from 'node:path'
import { mapWithProgress } from '../../../lib/terminal/map-with-progress.ts'
import {
  findNamedObjects,
  findPodTemplates,
  type NamedObject,
  type PodTemplate,
} from '../../input/objects/find-objects.ts'
import type { Placeholders } from '../../input/placeholders/placeholders.ts'
import { type ManifestFile, parseManifests } from '../../input/read-manifests.ts'
import { FileError } from '../../input/text/file-error.ts'
import { findFiles, type SkippedPath } from '../../input/text/find-files.ts'
import { readText } from '../../input/text/read-text.ts'
import { type Unread, unreadFolder, unreadPatch, unseenPaths } from '../../input/unread/unread.ts'
import { readKustomize } from '../kustomize/read-kustomize.ts'
import type { OtherFiles } from './doubts.ts'

const command = 'migrate'

/** How to read files, both at first and after they are rewritten. */
interface MigrateReading {
  /** The namespace of objects that don't name one. */
  readonly namespace: string
  readonly placeholders: Placeholders
}

/** A file, and everything in it that `migrate` examines. */
export interface MigratedFile extends ManifestFile {
  /** The file's name as given; `-` is standard input. */
  readonly source: string
  readonly templates: readonly PodTemplate[]
  readonly objects: readonly NamedObject[]
}

interface MigrateInput {
  readonly files: readonly MigratedFile[]
  /** Files and folders that can't be read. */
  readonly errors: readonly FileError[]
  readonly skipped: readonly SkippedPath[]
  readonly otherFiles: OtherFiles
}

/**
 * Reads files, and the manifests in folders. If a file can't be read, the others are read all the same.
 *
 * @param reading - `entersKustomize`: also reads the manifests that a `kustomization.yaml` lists as resources
 */
export function readMigrateInput(
  paths: readonly string[],
  reading: MigrateReading & { readonly entersKustomize: boolean },
): MigrateInput {
  const { entersKustomize } = reading
  const found = findFiles(paths, { command, entersKustomize })
  // The user may have named the same file in several ways.
  const unique = [...new Map(found.files.map((file) => [resolve(file), file])).values()]
  const kustomize = readKustomize(entersKustomize ? unique : [], found.unrendered)
  const read = mapWithProgress(
    unique.filter((source) => !kustomize.others.has(source)),
    (source) => readOrExplain(source, reading),
    { what: 'reading files' },
  )
  const unread = read.filter((file) => 'error' in file)
  return {
    files: read.filter((file) => 'manifests' in file),
    errors: [...found.errors, ...unread.map(({ error }) => error)],
    skipped: [
      ...found.skipped,
      ...kustomize.patches.map((path) => ({
        path,
        reason: 'no kustomization.yaml has it as a resource',
      })),
    ],
    otherFiles: {
      builds: kustomize.builds,
      unread: [
        ...unread,
        ...unseenPaths(found.unseen),
        ...kustomize.patches.map((path) => unreadPatch(path)),
        ...found.unrendered
          .filter(({ kind }) => kind === 'chart' || !entersKustomize)
          .map(unreadFolder),
      ],
    },
  }
}

interface UnreadFile extends Unread {
  readonly error: FileError
}

function readOrExplain(source: string, reading: MigrateReading): MigratedFile | UnreadFile {
  let text: string | undefined
  try {
    text = readText(source)
    return readFile(source, text, reading)
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    const reason = "can't be read"
    return { path: source, isFile: true, ...(text !== undefined && { text }), reason, error }
  }
}

/**
 * Reads the text of a file.
 *
 * @throws FileError if it isn't manifests
 */
export function readFile(
  source: string,
  text: string,
  { namespace, placeholders }: MigrateReading,
): MigratedFile {
  const manifests = parseManifests(text, source, { command, placeholders })
  return {
    source,
    text,
    manifests,
    templates: manifests.flatMap((manifest) => findPodTemplates(manifest, namespace)),
    objects: manifests.flatMap((manifest) => findNamedObjects(manifest, namespace)),
  }
}
