import { findAnnotatedObjects, findNamedObjects, findPodTemplates } from '../input/find-objects.ts'
import { type Manifest, readManifestFile } from '../input/read-manifests.ts'
import { FileError } from '../input/text/file-error.ts'
import { findFiles } from '../input/text/find-files.ts'
import type { CheckReport } from './report.ts'

/** Everything in one document that `check` looks at. */
export type DocumentContent = ReturnType<typeof contentOf>

export interface CheckInput extends Pick<CheckReport, 'errors' | 'skipped'> {
  readonly contents: readonly DocumentContent[]
  /** How many files were read. */
  readonly files: number
}

/**
 * Reads the manifests. A file that can't be read doesn't keep the others from being read.
 *
 * @param options - `command`: the command that reads them, for its messages
 */
export function readCheckInput(
  paths: readonly string[],
  options: { readonly namespace: string; readonly command: string },
): CheckInput {
  const { files, skipped, errors } = findFiles(paths, options)
  const read = files.map((file) => readContents(file, options))
  return {
    contents: read.flatMap((one) => (one instanceof FileError ? [] : one)),
    errors: [...errors, ...read.filter((one) => one instanceof FileError)],
    skipped,
    files: read.filter((one) => !(one instanceof FileError)).length,
  }
}

function readContents(
  file: string,
  { namespace, command }: { readonly namespace: string; readonly command: string },
): readonly DocumentContent[] | FileError {
  try {
    const { manifests } = readManifestFile(file, { command })
    return manifests.map((manifest) => contentOf(manifest, namespace))
  } catch (error) {
    if (error instanceof FileError) return error
    throw error
  }
}

const contentOf = (manifest: Manifest, namespace: string) => ({
  templates: findPodTemplates(manifest, namespace),
  objects: findNamedObjects(manifest, namespace),
  accounts: findAnnotatedObjects('ServiceAccount', { manifest, namespace }),
  secrets: findAnnotatedObjects('Secret', { manifest, namespace }),
})
