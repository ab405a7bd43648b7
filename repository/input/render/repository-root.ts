import { existsSync } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'
import { foldersFrom } from '../text/folders-from.ts'
import { realPath } from '../unread/unread.ts'

/**
 * Finds the folder that a rendered folder may read from: the Git repository that contains it. Without one, it is the
 * current folder or the first of the folders that the user named, if it contains the folder, or else the folder itself.
 *
 * @param named - paths that the user named
 * @returns a path without symbolic links. Undefined if the folder doesn't exist
 */
export function repositoryRoot(folder: string, named: readonly string[]): string | undefined {
  const own = realPath(folder)
  if (own === undefined) return undefined
  return (
    foldersFrom(own).find((parent) => existsSync(join(parent, '.git'))) ??
    ['.', ...named].flatMap((path) => realPath(path) ?? []).find((path) => isWithin(own, path)) ??
    own
  )
}

/** Whether a path is the folder itself, or something in or below it. Both are without symbolic links. */
export function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way !== '..' && !way.startsWith('../') && !isAbsolute(way)
}
