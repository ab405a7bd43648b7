import { join, resolve } from 'node:path'
import { cached } from '../../../lib/cached.ts'
import { printable } from '../../../lib/printable.ts'
import { type JsonObject, scalarText } from '../../../lib/shape.ts'
import type { FolderReferences } from '../render/read-references.ts'
import type { RenderRoot } from '../render/render-folder.ts'
import { isWithin, repositoryRoot } from '../render/repository-root.ts'
import { FileError } from '../text/file-error.ts'
import { findFiles, kustomizationNames } from '../text/find-files.ts'
import { isFile } from '../text/is-file.ts'
import { realPath } from '../unread/unread.ts'

/** What is read of a folder. */
interface Content {
  /** What a generated kustomization lists. */
  readonly resources: readonly string[]
  /** The Kustomize folders that are read. */
  readonly parts: readonly FolderReferences[]
  /** All files that are read, as absolute paths. */
  readonly files: ReadonlySet<string>
}

/** How to read folders. */
interface Reading {
  readonly command: string
  readonly named: readonly string[]
  /** Collects a Kustomize folder, and everything that it refers to. */
  readonly closureOf: (folder: string) => readonly FolderReferences[]
}

interface OverlayOptions {
  /** The file that asks for it. */
  readonly file: string
  /** The folder whose definitions count for what is rendered. */
  readonly environment: string
  /** Components to add, relative to the folder. */
  readonly components: unknown
  /** Other fields of the `kustomization.yaml`. */
  readonly fields: JsonObject
}

/** Folders that Flux or Argo CD renders with changes, through a `kustomization.yaml` that we write. */
export interface OverlayFolders {
  readonly contentOf: (folder: string) => Content
  readonly rootFor: (folder: string, options: OverlayOptions) => RenderRoot
}

/** Reads folders, each once. */
export function readOverlayFolders(reading: Reading): OverlayFolders {
  const contentOf = cached((folder: string) => readContent(folder, reading))
  return {
    contentOf,
    rootFor: (folder, options) =>
      rootFor(folder, { ...reading, ...options, content: contentOf(folder) }),
  }
}

function rootFor(
  folder: string,
  options: Reading & OverlayOptions & { readonly content: Content },
): RenderRoot {
  const { file, environment, fields, content } = options
  const { resources, files } = content
  const { components, parts: more, errors } = readComponents(folder, options)
  const parts = [...content.parts, ...more]
  return {
    path: folder,
    kind: 'kustomization',
    file,
    environment,
    reads: parts.map((part) => part.folder),
    files,
    errors: [...errors, ...parts.flatMap(({ errors }) => errors)],
    isWhollyKnown: parts.every(({ isWhollyKnown }) => isWhollyKnown),
    overlay: { resources, components, fields },
  }
}

/** Reads the components, which have to be folders of the repository. */
function readComponents(
  folder: string,
  { components: listed, named, closureOf }: Reading & Pick<OverlayOptions, 'components'>,
) {
  const paths = Array.isArray(listed) ? listed.map((path) => join(folder, scalarText(path))) : []
  const root = repositoryRoot(folder, named) ?? folder
  const isHere = (path: string) => isWithin(realPath(path) ?? '/', root)
  return {
    components: paths,
    parts: paths.filter(isHere).flatMap((path) => closureOf(path)),
    errors: paths
      .filter((path) => !isHere(path))
      .map(
        (path) => new FileError({ source: folder }, `needs ${printable(path, 200)}, ${outside}`),
      ),
  }
}

const outside = 'which is not a folder of the repository'

function readContent(
  folder: string,
  { command, closureOf }: Pick<Reading, 'command' | 'closureOf'>,
): Content {
  const isBuilt = (path: string) => kustomizationNames.some((name) => isFile(join(path, name)))
  const found = isBuilt(folder) ? undefined : findFiles([folder], { command })
  const files = found?.files.filter((file) => !file.endsWith('.json')) ?? []
  const folders = found?.unrendered.filter(({ kind }) => kind === 'kustomization') ?? [
    { path: folder },
  ]
  const parts = [...new Set(folders.flatMap(({ path }) => closureOf(path)))]
  return {
    resources: [...files, ...folders.map(({ path }) => path)],
    parts,
    files: new Set(
      [...files, ...parts.flatMap((part) => [part.file, ...part.files])].map((file) =>
        resolve(file),
      ),
    ),
  }
}
