import { resolve } from 'node:path'
import {
  findNamedObjects,
  findPodTemplates,
  type NamedObject,
  type PodTemplate,
} from '../input/find-objects.ts'
import { type ManifestFile, parseManifests, type Reading } from '../input/read-manifests.ts'
import { FileError } from '../input/text/file-error.ts'
import { findFiles, type SkippedPath } from '../input/text/find-files.ts'
import { readText } from '../input/text/read-text.ts'

const reading: Reading = { command: 'migrate' }

/** A file with what `migrate` looks at. */
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
}

/** Reads files, and the manifests in folders. A file that can't be read doesn't keep the others from being read. */
export function readMigrateInput(paths: readonly string[], namespace: string): MigrateInput {
  const { files, skipped, errors } = findFiles(paths, reading)
  // The same file may be named in several ways.
  const unique = [...new Map(files.map((file) => [resolve(file), file])).values()]
  const read = unique.map((source) => attempt(() => readFile(source, readText(source), namespace)))
  return {
    files: read.filter((file) => 'text' in file),
    errors: [...errors, ...read.filter((file) => file instanceof FileError)],
    skipped,
  }
}

/**
 * Reads the text of a file.
 *
 * @throws FileError if it isn't manifests
 */
export function readFile(source: string, text: string, namespace: string): MigratedFile {
  const manifests = parseManifests(text, source, reading)
  return {
    source,
    text,
    manifests,
    templates: manifests.flatMap((manifest) => findPodTemplates(manifest, namespace)),
    objects: manifests.flatMap((manifest) => findNamedObjects(manifest, namespace)),
  }
}

function attempt<T>(read: () => T): T | FileError {
  try {
    return read()
  } catch (error) {
    if (error instanceof FileError) return error
    throw error
  }
}
