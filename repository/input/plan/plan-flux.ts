import { dirname, join, resolve } from 'node:path'
import { cached } from '../../../lib/cached.ts'
import { printable } from '../../../lib/printable.ts'
import { type JsonObject, scalarText } from '../../../lib/shape.ts'
import { fieldsFor } from '../render/overlay.ts'
import type { FolderReferences } from '../render/read-references.ts'
import type { RefusedFolder } from '../render/refused.ts'
import type { Rendered, RenderRoot } from '../render/render-folders.ts'
import { isWithin, repositoryRoot } from '../render/repository-root.ts'
import { FileError } from '../text/file-error.ts'
import { findFiles, kustomizationNames } from '../text/find-files.ts'
import { isFile } from '../text/is-file.ts'
import { realPath } from '../unread/unread.ts'
import {
  type FluxKustomization,
  fluxKustomizationsIn,
  postBuildValues,
  textOf,
} from './read-flux.ts'

/** What Flux would read of a folder. */
interface Content {
  /** What a generated kustomization lists. Kustomize may have to read files beside it. */
  readonly resources: readonly string[]
  readonly hasFiles: boolean
  /** The Kustomize folders that are read. */
  readonly parts: readonly FolderReferences[]
  /** All files that are read, as absolute paths. */
  readonly files: ReadonlySet<string>
}

interface FluxOptions {
  readonly command: string
  readonly named: readonly string[]
  /** Whether a source of Flux is this repository. */
  readonly hasSource: (reference: unknown) => boolean
  /** Finds the data of a ConfigMap, as the folder of a cluster sees it. */
  readonly configMap: (name: unknown, environment: string) => JsonObject
  /** Collects a Kustomize folder, and everything that it refers to. */
  readonly closureOf: (folder: string) => readonly FolderReferences[]
}

/** The folders that Flux renders. */
interface FluxPlan {
  /** Returns the folders of Kustomizations that neither another one includes nor these folders. */
  readonly start: (others: readonly RenderRoot[]) => readonly RenderRoot[]
  /** The files that only Flux reads, as absolute paths, and Kustomize folders. */
  readonly files: ReadonlySet<string>
  readonly parts: ReadonlySet<FolderReferences>
  /** Returns the folders to render next, because of what was rendered, or, in the end, because nothing has named them. */
  readonly follow: (rendered: Rendered | RefusedFolder | 'end') => readonly RenderRoot[]
}

/** Plans what Flux does with the Kustomizations in these files (docs/specification.md, "Rendering folders"). */
export function planFlux(files: readonly string[], options: FluxOptions): FluxPlan {
  const { named, command, closureOf, configMap, hasSource } = options
  const all = files.flatMap((file) =>
    fluxKustomizationsIn(textOf(file), { file, named, hasSource }),
  )
  const contentOf = cached((folder: string) => readContent(folder, { command, closureOf }))
  const seen = new Set<string>()
  const consumed = new Set<string>()
  /** The folders to render for these, each once. `file`: the one that the cluster begins with. */
  const rootsFor = (found: readonly FluxKustomization[], file?: string): readonly RenderRoot[] =>
    found.flatMap((one) => {
      const top = file ?? one.file
      const key = JSON.stringify([one.name, one.folder, one.spec, dirname(top)])
      if (seen.has(key)) return []
      seen.add(key)
      seen.add(placeOf(one))
      const root = rootFor(one, { ...options, file: top, content: contentOf(one.folder) })
      return { ...root, values: postBuildValues(one.spec, (name) => configMap(name, dirname(top))) }
    })
  const contents = all.map(({ folder, file }) => ({ file, ...contentOf(folder) }))
  const isIncluded = ({ file }: FluxKustomization) =>
    contents.some((other) => other.file !== file && other.files.has(resolve(file)))
  const parts = new Set(contents.flatMap((content) => content.parts))
  return {
    start: (others) =>
      rootsFor(
        all.filter(
          (one) => !isIncluded(one) && !others.some((other) => other.files?.has(resolve(one.file))),
        ),
      ),
    files: new Set(contents.flatMap((content) => [...content.files])),
    parts,
    follow(rendered) {
      if (rendered === 'end')
        return rootsFor(
          all.filter((one) => !seen.has(placeOf(one)) && !consumed.has(resolve(one.file))),
        )
      if ('errors' in rendered) return []
      const { root, text } = rendered
      for (const file of root.files ?? []) consumed.add(file)
      const { file, values } = root
      const reading = { file, named, hasSource, ...(values && { values }) }
      return rootsFor(fluxKustomizationsIn(text, reading), file)
    },
  }
}

const placeOf = ({ name, folder }: FluxKustomization): string => `${name} ${folder}`

function rootFor(
  { spec, folder }: FluxKustomization,
  { file, content, ...options }: FluxOptions & { readonly file: string; readonly content: Content },
): RenderRoot {
  const { resources, hasFiles, files } = content
  const { components, parts: more, errors } = readComponents(folder, spec, options)
  const parts = [...content.parts, ...more]
  const mayReadAll = parts.every(({ load }) => load !== 'folder')
  return {
    path: folder,
    kind: 'kustomization',
    file,
    environment: dirname(file),
    reads: parts.map((part) => part.folder),
    files,
    errors: [
      ...errors,
      ...parts.flatMap(({ errors }) => errors),
      ...(hasFiles && !mayReadAll ? [new FileError({ source: folder }, unknownSentence)] : []),
    ],
    readsRepository: mayReadAll && (hasFiles || parts.some(({ load }) => load === 'repository')),
    overlay: { resources, components, fields: fieldsFor(spec) },
  }
}

/** Reads the components of a Kustomization, which have to be folders of the repository. */
function readComponents(
  folder: string,
  { components: listed }: JsonObject,
  { named, closureOf }: FluxOptions,
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

const unknownSentence =
  'has no kustomization.yaml, and a folder below it has generators or fields that may load other files'

function readContent(
  folder: string,
  { command, closureOf }: Pick<FluxOptions, 'command' | 'closureOf'>,
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
    hasFiles: files.length > 0,
    parts,
    files: new Set(
      [...files, ...parts.flatMap((part) => [part.file, ...part.files])].map((file) =>
        resolve(file),
      ),
    ),
  }
}
