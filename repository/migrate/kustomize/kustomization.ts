import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isObject, type JsonObject } from '../../../lib/shape.ts'
import { kustomizationNames } from '../../input/text/find-files.ts'
import { isFile } from '../../input/text/is-file.ts'
import { readText } from '../../input/text/read-text.ts'
import { documentsOfText, type KustomizePatch, readPatches } from './read-patches.ts'

/** What the `kustomization.yaml` of a folder says about manifests. */
export interface Kustomization {
  /** The path of the file, as the user named it. */
  readonly file: string
  /** The folder, as an absolute path. */
  readonly folder: string
  /** The listed files and folders, as absolute paths. */
  readonly resources: readonly string[]
  readonly components: readonly string[]
  readonly patches: readonly KustomizePatch[]
  /** Fields that may change objects in a way that we don't know. */
  readonly unknown: readonly string[]
  /** Listed resources that are remote, and aren't read. */
  readonly remote: readonly string[]
}

/** Fields that affect neither what a pod gets nor which objects exist. */
const harmless = [
  ...['apiVersion', 'kind', 'metadata', 'namespace', 'namePrefix', 'nameSuffix', 'images'],
  ...['replicas', 'configMapGenerator', 'secretGenerator', 'generatorOptions', 'buildMetadata'],
  ...['labels', 'commonLabels', 'crds', 'openapi', 'sortOptions', 'configurations'],
]
const known = [
  ...['resources', 'bases', 'components'],
  ...['patches', 'patchesStrategicMerge', 'patchesJson6902'],
]

/** Nobody writes a larger one by hand. */
const maxBytes = 1024 * 1024

/**
 * Reads the kustomization of a folder that has one.
 *
 * @param documentsOf - reads the documents of a file with patches
 */
export function readKustomization(
  path: string,
  documentsOf: (path: string) => readonly unknown[],
): Kustomization {
  const name = kustomizationNames.find((name) => existsSync(join(path, name))) ?? ''
  const file = join(path, name)
  const folder = resolve(path)
  const content = contentOf(file)
  if (content === undefined) return { file, folder, ...nothing, unknown: ['the content'] }
  const listed = (...fields: readonly string[]) =>
    fields.flatMap((field) => {
      const list = content[field]
      return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : []
    })
  const entries = listed('resources', 'bases')
  const parts = listed('components')
  const isRemote = (entry: string) => !existsSync(resolve(folder, entry))
  const unknown = Object.keys(content).filter(
    (field) => !harmless.includes(field) && !known.includes(field),
  )
  return {
    file,
    folder,
    resources: entries.map((entry) => resolve(folder, entry)),
    components: parts.map((entry) => resolve(folder, entry)),
    patches: readPatches(content, folder, documentsOf),
    unknown,
    remote: [...entries, ...parts].filter(isRemote),
  }
}

const nothing = { resources: [], components: [], patches: [], remote: [] }

function contentOf(file: string): JsonObject | undefined {
  if (!isFile(file) || statSync(file).size > maxBytes) return undefined
  const [content, ...others] = documentsOfText(() => readText(file))
  return isObject(content) && others.length === 0 ? content : undefined
}
