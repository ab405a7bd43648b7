import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { printable } from '../../../lib/printable.ts'
import { isObject } from '../../../lib/shape.ts'
import { positionOf } from '../document/position-of.ts'
import { FileError } from '../text/file-error.ts'
import type { SkippedPath } from '../text/find-files.ts'
import { isFile } from '../text/is-file.ts'
import { readErrorSentence, readText } from '../text/read-text.ts'
import { realPath } from '../unread/unread.ts'
import { type MappingFile, readMapping } from './read-mapping.ts'
import type { RefusedFolder } from './refused.ts'
import type { RenderRoot } from './render-folder.ts'
import { isInCheckout, isWithin, leadsIntoCheckout, repositoryRoot } from './repository-root.ts'

/** A chart, and why it can't be rendered, if it can't. */
interface Chart extends RefusedFolder {
  readonly root?: RenderRoot
  readonly skip?: SkippedPath
}

/** Reads a folder's `Chart.yaml`. */
export function readChart(
  folder: string,
  { command, named }: { readonly command: string; readonly named: readonly string[] },
): Chart {
  const file = join(folder, 'Chart.yaml')
  const own = { path: folder, kind: 'chart', reads: [folder] } as const
  if (!isFile(file)) return { ...own, errors: [new FileError({ source: file }, missingFile)] }
  const root = repositoryRoot(folder, named) ?? folder
  if (!leadsIntoCheckout(file, root))
    return { ...own, errors: [new FileError({ source: file }, outsideSentence)] }
  try {
    const chart = readMapping(file, command)
    if (chart === undefined) return { ...own, errors: [notAChart(file)] }
    if (chart.object['type'] === 'library')
      return {
        ...own,
        skip: { path: folder, reason: 'is a library chart, which has no objects' },
        errors: [],
      }
    const errors = [...linkErrors(folder, root), ...dependencyErrors(folder, { ...chart, root })]
    return errors.length > 0
      ? { ...own, errors: errors.slice(0, maxErrors) }
      : { ...own, root: { ...own, file }, errors: [] }
  } catch (error) {
    if (error instanceof FileError) return { ...own, errors: [error] }
    throw error
  }
}

function dependencyErrors(
  folder: string,
  { manifest, object, root }: MappingFile & { readonly root: string },
): readonly FileError[] {
  const listed: unknown = object['dependencies']
  const vendored = chartsIn(join(folder, 'charts'), root)
  return (Array.isArray(listed) ? listed : []).flatMap((dependency, i) => {
    const name: unknown = isObject(dependency) ? dependency['name'] : undefined
    if (typeof name !== 'string' || vendored.some((entry) => isOf(entry, name))) return []
    return new FileError(
      positionOf(manifest, ['dependencies', i]),
      missingSentence(name),
      'a dependency',
    )
  })
}

/**
 * Refuses symbolic links out of the repository, or to the whole of it with what Git keeps for itself, because Helm follows
 * links, and the chart may come from a stranger. Folders that links lead to are searched, too.
 */
function linkErrors(folder: string, root: string): readonly FileError[] {
  const folders = new Map([[realPath(folder), folder]])
  const errors: FileError[] = []
  for (const path of folders.values()) {
    try {
      for (const link of linksIn(path)) {
        const real = realPath(link)
        if (real === undefined) continue
        if (isWithin(join(root, '.git'), real))
          errors.push(new FileError({ source: link }, wholeSentence))
        else if (!isInCheckout(real, root))
          errors.push(new FileError({ source: link }, outsideSentence))
        else if (statSync(real).isDirectory() && !folders.has(real)) folders.set(real, link)
      }
    } catch (error) {
      errors.push(new FileError({ source: path }, readErrorSentence(error)))
    }
  }
  return errors
}

const linksIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name))

const outsideSentence =
  'is a symbolic link to something outside of the repository, and Helm would read that; render the chart yourself, and pass the result'

const wholeSentence =
  'is a symbolic link to the whole repository, and Helm would read its .git; remove the link, or render the chart yourself'

const maxErrors = 10

const missingFile = "isn't a file; if werf makes it, pass what werf render prints"

const notAChart = (source: string): FileError =>
  new FileError({ source }, "isn't a mapping; a chart has a name and a version")

const missingSentence = (name: string): string =>
  `depends on the chart ${printable(name, 100)}, which charts/ doesn't have, and nothing is fetched; run helm dependency build`

/** Lists the names of unpacked charts and of archives. */
function chartsIn(folder: string, root: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).map((entry) =>
      entry.isDirectory() ? nameOf(join(folder, entry.name), root) : entry.name,
    )
  } catch {
    return []
  }
}

function nameOf(folder: string, root: string): string {
  const file = join(folder, 'Chart.yaml')
  if (!isFile(file) || !leadsIntoCheckout(file, root)) return ''
  try {
    return /^name:\s*["']?([^\s"'#]+)/m.exec(readText(file))?.[1] ?? ''
  } catch {
    return ''
  }
}

/** Whether an entry is this chart. An archive's name has the chart's version, too. */
const isOf = (entry: string, name: string): boolean =>
  entry === name || (entry.startsWith(`${name}-`) && entry.endsWith('.tgz'))
