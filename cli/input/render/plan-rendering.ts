import { resolve } from 'node:path'
import { cached } from '../cached.ts'
import { FileError } from '../text/file-error.ts'
import type { FoundFiles, RenderFolder, SkippedPath } from '../text/find-files.ts'
import { readChart } from './read-chart.ts'
import { type FolderReferences, readReferences } from './read-references.ts'
import type { RenderRoot } from './render-folders.ts'

/** What is read as it is, and what is rendered first. */
interface RenderPlan {
  readonly files: readonly string[]
  /** The folders to render. No other one of them refers to them. */
  readonly roots: readonly RenderRoot[]
  readonly skipped: readonly SkippedPath[]
  readonly errors: readonly FileError[]
}

/**
 * Decides which folders are rendered: charts, and the Kustomize folders that no other one refers to. What a Kustomize folder
 * refers to isn't read as it is. All other files are.
 *
 * @param options - `command`: for messages
 */
export function planRendering(
  { files, unrendered, skipped, errors }: FoundFiles,
  { command, maxFolders = 1000 }: { readonly command: string; readonly maxFolders?: number },
): RenderPlan {
  // The same folder may have been named in several ways.
  const unique = [...new Map(unrendered.map((folder) => [resolve(folder.path), folder])).values()]
  const ofKind = (kind: RenderFolder['kind']) =>
    unique.filter((folder) => folder.kind === kind).map(({ path }) => path)
  const charts = ofKind('chart').map((path) => readChart(path, command))
  const kustomize = planKustomize(ofKind('kustomization'), { command, maxFolders })
  const roots = [...kustomize.roots, ...charts.flatMap(({ root }) => root ?? [])]
  return {
    files: files.filter((file) => file === '-' || !kustomize.used.has(resolve(file))),
    roots: roots.slice(0, maxFolders),
    skipped: [...skipped, ...kustomize.skipped, ...charts.flatMap(({ skip }) => skip ?? [])],
    errors: [
      ...errors,
      ...kustomize.errors,
      ...charts.flatMap((chart) => chart.errors),
      ...roots.slice(maxFolders, maxFolders + 1).map(({ path }) => tooMany(path, maxFolders)),
    ],
  }
}

interface KustomizePlan {
  readonly roots: readonly RenderRoot[]
  /** The files that kustomize reads, as absolute paths. */
  readonly used: ReadonlySet<string>
  readonly skipped: readonly SkippedPath[]
  readonly errors: readonly FileError[]
}

function planKustomize(
  paths: readonly string[],
  { command, maxFolders }: { readonly command: string; readonly maxFolders: number },
): KustomizePlan {
  const shown = new Map(paths.map((path) => [resolve(path), path]))
  const readAt = cached((path: string) => readReferences(shown.get(path) ?? path, command))
  const read = (path: string) => readAt(resolve(path))
  const found = paths.map(read).filter(({ kind }) => kind !== 'foreign')
  const referred = new Set(found.flatMap(({ folders }) => folders.map((path) => resolve(path))))
  const isRoot = ({ folder, kind }: FolderReferences) =>
    kind === 'kustomization' && !referred.has(resolve(folder))
  const reached = new Map<string, FolderReferences>()
  const roots: RenderRoot[] = []
  const errors = new Set<FileError>()
  // If folders refer to each other in a circle, none of them is a root, and kustomize says so.
  const inCircles = found.filter(({ kind }) => kind === 'kustomization')
  for (const root of [...found.filter(isRoot), ...inCircles]) {
    if (reached.has(resolve(root.folder))) continue
    const closure = closureOf(root, { read, maxFolders })
    for (const part of closure) reached.set(resolve(part.folder), part)
    const found = closure.flatMap((part) => part.errors)
    if (closure.length > maxFolders) found.push(tooMany(root.folder, maxFolders))
    for (const error of found) errors.add(error)
    if (found.length === 0)
      roots.push({ path: root.folder, kind: 'kustomization', file: root.file })
  }
  const parts = [...found, ...reached.values()]
  return {
    roots,
    used: new Set(parts.flatMap((part) => [part.file, ...part.files].map((file) => resolve(file)))),
    skipped: found
      .filter(({ kind, folder }) => kind === 'component' && !reached.has(resolve(folder)))
      .map(({ folder }) => ({ path: folder, reason: unused })),
    errors: [...errors],
  }
}

const unused = 'is a Kustomize component, and no folder here that is rendered refers to it'

/** A Kustomize folder and everything that it refers to. Ends early if these are too many. */
function closureOf(
  root: FolderReferences,
  {
    read,
    maxFolders,
  }: { readonly read: (path: string) => FolderReferences; readonly maxFolders: number },
): readonly FolderReferences[] {
  const closure = new Map([[resolve(root.folder), root]])
  for (const { folders } of closure.values())
    for (const folder of folders) {
      if (closure.size > maxFolders) return [...closure.values()]
      const path = resolve(folder)
      if (!closure.has(path)) closure.set(path, read(folder))
    }
  return [...closure.values()]
}

const tooMany = (source: string, maxFolders: number): FileError =>
  new FileError({ source }, `has more than ${maxFolders} folders to render; pass fewer folders`)
