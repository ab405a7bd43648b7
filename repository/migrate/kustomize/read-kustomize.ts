import { existsSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { cached } from '../../../lib/cached.ts'
import { kustomizationNames, type RenderFolder } from '../../input/text/find-files.ts'
import { foldersFrom } from '../../input/text/folders-from.ts'
import { type Builds, findBuilds } from './builds.ts'
import { readKustomization } from './kustomization.ts'
import { patchDocuments } from './read-patches.ts'

interface Kustomize {
  readonly builds: Builds
  /** The files that aren't manifests: patches, and the kustomizations themselves. */
  readonly others: ReadonlySet<string>
  /** The patches among these files. */
  readonly patches: readonly string[]
}

/**
 * Reads the kustomizations of Kustomize folders, and of the folders that contain the files. Tells manifests from
 * patches: a file is a manifest if a kustomization lists it as a resource, or if it isn't in or below a Kustomize
 * folder.
 */
export function readKustomize(
  files: readonly string[],
  unrendered: readonly RenderFolder[],
): Kustomize {
  const folders = new Map(
    [
      ...unrendered.flatMap(({ kind, path }) => (kind === 'kustomization' ? path : [])),
      ...new Set(files.map((file) => dirname(file))),
    ]
      .filter((folder) => kustomizationNames.some((name) => existsSync(join(folder, name))))
      .map((folder) => [resolve(folder), folder]),
  )
  const absolute = new Set(files.map((file) => resolve(file)))
  // Overlays may share patches.
  const documentsOf = cached(patchDocuments)
  const kustomizations = [...folders.values()].map((folder) =>
    readKustomization(folder, documentsOf),
  )
  const builds = findBuilds(kustomizations, (path) => absolute.has(path))
  const isKustomization = (file: string) => kustomizationNames.includes(basename(file))
  const patches = files.filter(
    (file) =>
      !isKustomization(file) &&
      foldersFrom(dirname(resolve(file))).some((folder) => folders.has(folder)) &&
      builds.of(file).length === 0,
  )
  return { builds, patches, others: new Set([...patches, ...files.filter(isKustomization)]) }
}
