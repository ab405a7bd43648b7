import { type Dirent, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { FileError } from './file-error.ts'
import { readErrorSentence } from './read-text.ts'

/** The files that a command reads, out of the files and folders that it was given. */
export interface FoundFiles {
  readonly files: readonly string[]
  /** The files that were named themselves, rather than found in a folder. */
  readonly named: ReadonlySet<string>
  /** What it skips in the folders. Files that are hidden, or whose names aren't those of manifests, aren't listed. */
  readonly skipped: readonly SkippedPath[]
  /** Templates of manifests, by their names, such as `web.yaml.j2`. */
  readonly templates: readonly string[]
  /** Skipped paths that may have manifests all the same: symbolic links, and folders that are too deep. */
  readonly unseen: readonly string[]
  /** Folders that have to be rendered first. Those that aren't going to be are also in `skipped` or `errors`. */
  readonly unrendered: readonly RenderFolder[]
  /** Errors about folders that can't be read, or that have to be rendered first. */
  readonly errors: readonly FileError[]
}

export interface SkippedPath {
  readonly path: string
  readonly reason: string
  /** What the reason has in common with those of other paths, so that it is given once. Absent: all of it. */
  readonly cause?: string
}

/** A folder of templates or patches, which have to be rendered before an API server gets them. */
export interface RenderFolder {
  readonly path: string
  readonly kind: 'chart' | 'kustomization'
}

/** The manifests of a large repository stay below these limits. */
const defaultBounds = { maxEntries: 100_000, maxFiles: 10_000, maxDepth: 32 }

interface FindOptions {
  /** To run with what was rendered. */
  readonly command: string
  readonly bounds?: typeof defaultBounds
  /** Whether to find the files in Kustomize folders, too, which may be patches. */
  readonly entersKustomize?: boolean
  /**
   * Which folders are going to be rendered. They are neither errors nor skipped. For the others, the programs are
   * missing. Absent if the command renders nothing. Implies `entersKustomize`.
   */
  readonly renders?: readonly RenderFolder['kind'][] | undefined
}

/**
 * Finds the files to read: the named files, and in and below the named folders those whose names end with `.yaml`,
 * `.yml` or `.json`. Skips hidden files and folders (but not werf's chart), `node_modules`, symbolic links, and folders that Helm or Kustomize
 * has to render.
 *
 * @param paths - as the user gave them; `-` is standard input
 */
export function findFiles(
  paths: readonly string[],
  {
    command,
    renders,
    entersKustomize = renders?.includes('kustomization') ?? false,
    bounds: { maxEntries, maxFiles, maxDepth } = defaultBounds,
  }: FindOptions,
): FoundFiles {
  const files = new Set<string>()
  const named = new Set<string>()
  const skipped: SkippedPath[] = []
  const templates: string[] = []
  const unseen = new Set<string>()
  const errors: FileError[] = []
  const unrendered: RenderFolder[] = []
  let entries = 0
  const isFull = () => entries > maxEntries || files.size + templates.length > maxFiles

  const readFolder = (folder: string, depth: number): void => {
    const found = entriesOf(folder, errors)
    entries += found.length
    const kind = renderKind(folder, found)
    if (kind !== undefined) unrendered.push({ path: folder, kind })
    if (kind !== undefined && !(kind === 'kustomization' && entersKustomize)) {
      if (renders?.includes(kind)) return
      const hint = renderHint({ path: folder, kind }, { command, isWanted: renders !== undefined })
      if (depth === 0) errors.push(new FileError({ source: folder }, hint.reason))
      else skipped.push(hint)
      return
    }
    for (const entry of found) {
      if (isFull()) return
      if (isHidden(entry)) continue
      const path = join(folder, entry.name)
      const reason = skipReason(entry) ?? (depth >= maxDepth ? tooDeep(entry, maxDepth) : undefined)
      if (mayHaveManifests(entry, path) && (entry.isSymbolicLink() || depth >= maxDepth))
        unseen.add(path)
      if (reason !== undefined) skipped.push({ path, reason })
      else if (entry.isDirectory()) readFolder(path, depth + 1)
      else if (entry.isFile() && isManifestName(entry.name)) files.add(path)
      else if (entry.isFile() && templateName.test(entry.name)) templates.push(path)
    }
  }
  for (const path of paths) {
    if (isFolder(path)) readFolder(path, 0)
    else {
      files.add(path)
      named.add(path)
    }
    if (!isFull()) continue
    const sentence = `has more than ${maxFiles} manifests or ${maxEntries} files; name the folders with the manifests`
    const error = new FileError({ source: path }, sentence)
    return {
      ...{ files: [], named, skipped, templates: [], unseen: [], unrendered },
      errors: [...errors, error],
    }
  }
  const found = {
    named,
    skipped,
    templates: templates.filter((path) => !files.has(path)),
    unseen: [...unseen].filter((path) => !files.has(path)),
    unrendered,
    errors,
  }
  return { files: [...files], ...found }
}

function isFolder(path: string): boolean {
  try {
    return path !== '-' && statSync(path).isDirectory()
  } catch {
    // Reading it as a file reports the reason.
    return false
  }
}

function entriesOf(folder: string, errors: FileError[]): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    errors.push(new FileError({ source: folder }, readErrorSentence(error)))
    return []
  }
}

/** Manifests that another program fills in: the endings of the usual languages of templates. */
export const templateName = /\.ya?ml\.(?:tpl|tftpl|tmpl|gotmpl|template|j2|jinja2?|erb|mustache)$/i

export const isManifestName = (name: string): boolean => /\.(?:ya?ml|json)$/i.test(name)

const mayHaveManifests = (entry: Dirent, path: string): boolean =>
  (entry.isSymbolicLink() && isManifestName(entry.name)) || isFolder(path)

/** Whether nothing is said about a file or a folder. */
const isHidden = (entry: Dirent): boolean =>
  entry.name === 'node_modules' ||
  (entry.name.startsWith('.') && !(entry.name === werfFolder && entry.isDirectory()))

function skipReason(entry: Dirent): string | undefined {
  return entry.isSymbolicLink() && (isManifestName(entry.name) || !entry.name.includes('.'))
    ? 'is a symbolic link, which is followed only if you name it'
    : undefined
}

const tooDeep = (entry: Dirent, maxDepth: number): string | undefined =>
  entry.isDirectory() ? `it is more than ${maxDepth} folders deep` : undefined

/** The folder in which werf expects the chart of a repository. It makes a missing `Chart.yaml` itself. */
const werfFolder = '.helm'

function renderKind(folder: string, entries: readonly Dirent[]): RenderFolder['kind'] | undefined {
  const names = new Set(entries.map(({ name }) => name))
  const isWerf = basename(folder) === werfFolder && names.has('templates')
  if (names.has('Chart.yaml') || isWerf) return 'chart'
  return kustomizationNames.some((name) => names.has(name)) ? 'kustomization' : undefined
}

export const kustomizationNames = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']

function renderHint(
  { path, kind }: RenderFolder,
  { command, isWanted }: { readonly command: string; readonly isWanted: boolean },
): SkippedPath {
  const shown = /^[\w./-]+$/.test(path) ? path : 'FOLDER'
  const { what, program, missing } = hints[kind]
  const then = `render it first: ${program} ${shown} | akv-injector ${command} -`
  return {
    path,
    reason: isWanted ? `${what}, and ${missing}, or ${then}` : `${what}; ${then}`,
    cause: what,
  }
}

const hints = {
  chart: {
    what: 'is a Helm chart',
    program: 'helm template NAME',
    missing: "helm isn't on the PATH; install it",
  },
  kustomization: {
    what: 'is a Kustomize folder',
    program: 'kubectl kustomize',
    missing: 'neither kustomize nor kubectl is on the PATH; install one',
  },
}
