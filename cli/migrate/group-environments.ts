import { dirname, normalize, resolve, sep } from 'node:path'
import type { FolderView, ViewOf } from '../input/environments/folder-views.ts'
import { isOneEnvironment } from '../input/environments/separate.ts'

/** Files in and below one folder, in which no name has different definitions that count. */
interface Environment {
  /** As the user named it. */
  readonly folder: string
  readonly sources: ReadonlySet<string>
  readonly views: readonly FolderView[]
}

/** The environments of files, each as large as possible. */
export interface Environments {
  readonly all: readonly Environment[]
  /** Whether two files may concern each other, even if one of them wasn't read. */
  mayShare(source: string, other: string): boolean
}

/** Groups files. The files of a folder with several environments in it are one more. */
export function groupEnvironments(sources: readonly string[], viewOf: ViewOf): Environments {
  const files = [...new Set(sources)].map((source) => ({
    source,
    folders: foldersOf(resolve(source)),
    view: viewOf({ manifest: { source } }),
  }))
  const byPrefix = new Map<string, Environment>()
  const split = (some: typeof files, prefix: readonly string[]): void => {
    const views = [...new Set(some.map(({ view }) => view))]
    if (isOne(views)) {
      const sources = new Set(some.map(({ source }) => source))
      const folder = commonFolder([...sources].map(normalize).map(foldersOf))
      byPrefix.set(prefix.join('/'), { folder, sources, views })
      return
    }
    const below = Map.groupBy(some, ({ folders }) => folders[prefix.length] ?? direct)
    for (const [name, inner] of below) split(inner, [...prefix, name])
  }
  split(files, [])
  const at = (source: string): Environment | undefined => {
    const folders = [...foldersOf(resolve(source)), direct]
    const prefixes = [...folders.keys(), folders.length].map((end) => folders.slice(0, end))
    return prefixes.map((prefix) => byPrefix.get(prefix.join('/'))).find((found) => found)
  }
  return {
    all: [...byPrefix.values()],
    mayShare(source, other) {
      const [first, second] = [at(source), at(other)]
      return !first || !second || first === second || isOne([...first.views, ...second.views])
    },
  }
}

/** Stands for the files of a folder itself. No folder has this name. */
const direct = '/'

const isOne = (views: readonly FolderView[]): boolean =>
  isOneEnvironment(views.map(({ environment }) => environment))

/** The folders of a file, from the outermost. */
const foldersOf = (source: string): readonly string[] => dirname(source).split(sep)

function commonFolder(paths: readonly (readonly string[])[]): string {
  const [first = [], ...others] = paths
  const end = first.findIndex((name, i) => others.some((path) => path[i] !== name))
  return (end === -1 ? first : first.slice(0, end)).join(sep) || '.'
}
