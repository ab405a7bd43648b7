import { statSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { printable } from '../../../lib/printable.ts'
import type { JsonObject } from '../../../lib/shape.ts'
import { positionOf } from '../document/position-of.ts'
import type { Path } from '../document/search-templates.ts'
import { FileError } from '../text/file-error.ts'
import { kustomizationNames } from '../text/find-files.ts'
import { hideCredentials } from '../text/hide-credentials.ts'
import { isFile } from '../text/is-file.ts'
import { realPath } from '../unread/unread.ts'
import { isWhollyKnown, misspeltIn, referencesIn } from './kustomization-fields.ts'
import { type MappingFile, readMapping } from './read-mapping.ts'
import { isInCheckout, leadsIntoCheckout, repositoryRoot } from './repository-root.ts'

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
  /** Whether these are all files that kustomize loads. */
  readonly isWhollyKnown: boolean
  /** References that kustomize would have to fetch or execute, or that it can't find. */
  readonly errors: readonly FileError[]
}

/** Reads the file `kustomization.yaml` of a folder. */
export function readReferences(
  folder: string,
  { command, named }: { readonly command: string; readonly named: readonly string[] },
): FolderReferences {
  const name = kustomizationNames.find((name) => isFile(join(folder, name)))
  const file = join(folder, name ?? 'kustomization.yaml')
  const empty = {
    folder,
    file,
    kind: 'kustomization',
    folders: [],
    files: [],
    isWhollyKnown: true,
  } as const
  if (name === undefined)
    return { ...empty, errors: [new FileError({ source: folder }, 'has no kustomization.yaml')] }
  const root = repositoryRoot(folder, named) ?? folder
  if (!leadsIntoCheckout(file, root))
    return { ...empty, errors: [new FileError({ source: file }, `is a link to a file ${outside}`)] }
  try {
    const kustomization = readMapping(file, command)
    if (kustomization === undefined)
      return { ...empty, errors: [new FileError({ source: file }, 'is empty; list its resources')] }
    const { object } = kustomization
    if (isForeign(object)) return { ...empty, kind: 'foreign', errors: [] }
    const kind = object['kind'] === 'Component' ? 'component' : 'kustomization'
    return { ...empty, kind, ...sortReferences({ folder, root, ...kustomization }) }
  } catch (error) {
    if (error instanceof FileError) return { ...empty, errors: [error] }
    throw error
  }
}

/** Flux has a kind of the same name. */
const isForeign = ({ apiVersion }: JsonObject): boolean =>
  typeof apiVersion === 'string' && !apiVersion.startsWith('kustomize.config.k8s.io/')

/**
 * Matches what kustomize would clone or download. To kustomize, `user@host:path` and `github.com/…` are Git
 * repositories, too.
 */
const remote =
  /^(?:git::|gh:|https?:|[a-z][a-z0-9+.-]*:\/\/|[a-z][a-z0-9-]*@|github\.com[:/])|_git\//i

interface Folder extends MappingFile {
  readonly folder: string
  /** The only folder that it may read from. */
  readonly root: string
}

type Sorted = Pick<FolderReferences, 'folders' | 'files' | 'errors' | 'isWhollyKnown'>

function sortReferences({ folder, root, manifest, object }: Folder): Sorted {
  const errorAt = (path: Path, ...sentences: readonly [sentence: string, common?: string]) =>
    new FileError(positionOf(manifest, path), ...sentences)
  const sorted = referencesIn(object).map(({ target, path, isTree }) => {
    const isRemote = remote.test(target)
    const shown = printable(isRemote ? hideCredentials(target) : target, 200)
    if (isRemote)
      return {
        error: errorAt(path, `refers to ${shown}, and nothing is fetched; ${byHand}`, 'a URL'),
      }
    const found = follow(target, folder)
    if (found === undefined && isTree)
      return {
        error: errorAt(path, `refers to ${shown}, which does not exist here`, 'a missing file'),
      }
    if (found !== undefined && !isInCheckout(found.real, root))
      return { error: errorAt(path, `refers to ${shown}, which is ${outside}`) }
    return found?.isFolder ? { folder: found.path } : { file: found?.path ?? join(folder, target) }
  })
  const helm = ['helmCharts', 'helmChartInflationGenerator'].filter((key) => key in object)
  return {
    folders: sorted.flatMap((found) => found.folder ?? []),
    files: sorted.flatMap(({ file }) => file ?? []),
    isWhollyKnown: isWhollyKnown(object, manifest.text),
    errors: [
      ...sorted.flatMap(({ error }) => error ?? []).slice(0, maxErrors),
      ...misspeltIn(object).map((key) =>
        errorAt([key], `has the key ${printable(key)}, which kustomize reads as another field`),
      ),
      ...helm.map((key) =>
        errorAt([key], `lets kustomize run Helm (${key}), which isn't done here; ${byHand}`),
      ),
    ],
  }
}

const outside = 'outside of the repository; render the folder yourself, and pass the result'
const maxErrors = 10
const byHand = 'render the folder yourself, and pass the result'

/**
 * Finds a file or folder as kustomize does: it resolves the links in the folder's path, joins the two as texts, and
 * lets the operating system follow other links.
 */
function follow(target: string, folder: string) {
  const own = realPath(folder) ?? folder
  const real = realPath(resolve(own, target))
  if (real === undefined) return undefined
  const shown = isAbsolute(target) ? target : join(folder, target)
  const path = realPath(shown) === real ? shown : real
  return { path, real, isFolder: statSync(real).isDirectory() }
}
