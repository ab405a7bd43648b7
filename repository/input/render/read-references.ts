import { statSync } from 'node:fs'
import { join } from 'node:path'
import { printable } from '../../../lib/printable.ts'
import { isObject, type JsonObject } from '../../../lib/shape.ts'
import { positionOf } from '../document/position-of.ts'
import type { Path } from '../document/search-templates.ts'
import { FileError } from '../text/file-error.ts'
import { kustomizationNames } from '../text/find-files.ts'
import { isFile } from '../text/is-file.ts'
import { type MappingFile, readMapping } from './read-mapping.ts'

/** What a Kustomize folder refers to, and which of that can't be rendered. */
export interface FolderReferences {
  readonly folder: string
  /** The path of its `kustomization.yaml`. */
  readonly file: string
  /** `foreign`: a file of this name that is an object for another controller, such as Flux. */
  readonly kind: 'kustomization' | 'component' | 'foreign'
  /** The folders that it refers to, relative to the current folder. */
  readonly folders: readonly string[]
  /** The files that it refers to, relative to the current folder. */
  readonly files: readonly string[]
  /** References that kustomize would have to fetch or execute, or that it can't find. */
  readonly errors: readonly FileError[]
}

/** Reads the file `kustomization.yaml` of a folder. */
export function readReferences(folder: string, command: string): FolderReferences {
  const name = kustomizationNames.find((name) => isFile(join(folder, name)))
  const file = join(folder, name ?? 'kustomization.yaml')
  const empty = { folder, file, kind: 'kustomization', folders: [], files: [] } as const
  if (name === undefined)
    return { ...empty, errors: [new FileError({ source: folder }, 'has no kustomization.yaml')] }
  try {
    const kustomization = readMapping(file, command)
    if (kustomization === undefined)
      return { ...empty, errors: [new FileError({ source: file }, 'is empty; list its resources')] }
    const { object } = kustomization
    if (isForeign(object)) return { ...empty, kind: 'foreign', errors: [] }
    const kind = object['kind'] === 'Component' ? 'component' : 'kustomization'
    return { ...empty, kind, ...sortReferences(referencesIn(object), { folder, ...kustomization }) }
  } catch (error) {
    if (error instanceof FileError) return { ...empty, errors: [error] }
    throw error
  }
}

/** Flux has a kind of the same name. */
const isForeign = ({ apiVersion }: JsonObject): boolean =>
  typeof apiVersion === 'string' && !apiVersion.startsWith('kustomize.config.k8s.io/')

interface Reference {
  readonly target: string
  readonly path: Path
  /** Whether it may be a folder. Kustomize also accepts Git repositories for folders. */
  readonly isTree: boolean
}

const trees = ['resources', 'bases', 'components', 'generators', 'transformers', 'validators']
const files = ['configurations', 'crds', 'patchesStrategicMerge']
/** Fields with a list of mappings, each of which may name a file in `path`. */
const pathOwners = ['patches', 'patchesJson6902', 'replacements']
const generators = ['configMapGenerator', 'secretGenerator']

function referencesIn(object: JsonObject): readonly Reference[] {
  const at = (path: Path, target: unknown, isTree = false): readonly Reference[] =>
    // A text with several lines is an inline object rather than a path.
    typeof target === 'string' && !target.includes('\n') ? [{ target, path, isTree }] : []
  const list = (owner: unknown, key: string) => {
    const value = isObject(owner) ? owner[key] : undefined
    return Array.isArray(value) ? [...value.entries()] : []
  }
  const member = (owner: unknown, key: string) => (isObject(owner) ? owner[key] : undefined)
  const ofList = (key: string, isTree: boolean) =>
    list(object, key).flatMap(([i, value]) => at([key, i], value, isTree))
  return [
    ...trees.flatMap((key) => ofList(key, true)),
    ...files.flatMap((key) => ofList(key, false)),
    ...pathOwners.flatMap((key) =>
      list(object, key).flatMap(([i, owner]) => at([key, i, 'path'], member(owner, 'path'))),
    ),
    ...generators.flatMap((key) =>
      list(object, key).flatMap(([i, owner]) => [
        ...at([key, i, 'env'], member(owner, 'env')),
        ...['files', 'envs'].flatMap((part) =>
          list(owner, part).flatMap(([j, value]) =>
            at([key, i, part, j], typeof value === 'string' ? withoutKey(value) : value),
          ),
        ),
      ]),
    ),
    ...at(['openapi', 'path'], member(object['openapi'], 'path')),
  ]
}

/** Returns the file of `KEY=FILE`. */
const withoutKey = (value: string): string => value.replace(/^[^=/]*=/, '')

/**
 * Matches what kustomize would clone or download. To kustomize, `user@host:path` and `github.com/…` are Git
 * repositories, too.
 */
const remote =
  /^(?:git::|gh:|https?:|[a-z][a-z0-9+.-]*:\/\/|[a-z][a-z0-9-]*@|github\.com[:/])|_git\//i

function sortReferences(
  references: readonly Reference[],
  { folder, manifest, object }: MappingFile & { readonly folder: string },
): Pick<FolderReferences, 'folders' | 'files' | 'errors'> {
  const errorAt = (path: Path, sentence: string) =>
    new FileError(positionOf(manifest, path), sentence)
  const sorted = references.map(({ target, path, isTree }) => {
    const shown = printable(target, 200)
    if (remote.test(target))
      return { error: errorAt(path, `refers to ${shown}, and --render fetches nothing; ${byHand}`) }
    const joined = join(folder, target)
    const kind = kindOf(joined)
    if (kind === undefined && isTree)
      return { error: errorAt(path, `refers to ${shown}, which does not exist here`) }
    return kind === 'folder' ? { folder: joined } : { file: joined }
  })
  const helm = ['helmCharts', 'helmChartInflationGenerator'].filter((key) => key in object)
  return {
    folders: sorted.flatMap(({ folder }) => folder ?? []),
    files: sorted.flatMap(({ file }) => file ?? []),
    errors: [
      ...sorted.flatMap(({ error }) => error ?? []).slice(0, maxErrors),
      ...helm.map((key) =>
        errorAt([key], `lets kustomize run Helm (${key}), and --render doesn't; ${byHand}`),
      ),
    ],
  }
}

const maxErrors = 10
const byHand = 'render the folder yourself, and pass the result'

function kindOf(path: string): 'file' | 'folder' | undefined {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'file'
  } catch {
    return undefined
  }
}
