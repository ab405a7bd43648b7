import { existsSync } from 'node:fs'
import { isAbsolute, join, relative, resolve } from 'node:path'
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

/**
 * Whether a program may read a path for a folder of the repository: it is in the repository, and not among what Git keeps for
 * itself, such as the token of a checkout.
 */
export const isInCheckout = (path: string, root: string): boolean =>
  isWithin(path, root) && !isWithin(path, join(root, '.git'))

/** Whether a path leads to something in the repository. A link to a pipe or a device elsewhere could be read without an end. */
export const leadsIntoCheckout = (path: string, root: string): boolean =>
  isInCheckout(realPath(path) ?? root, root)

/**
 * Finds the file or folder of a path that counts from the top of the repository, as the tools of GitOps write it.
 *
 * @param top - the repository's own folder
 * @returns undefined if it isn't below the repository's own folder
 */
export function folderInRepository(path: string, top: string | undefined): string | undefined {
  const real = top && realPath(top)
  if (top === undefined || real === undefined) return undefined
  const folder = join(top, path)
  const target = realPath(folder)
  if (target === undefined || target === real || !isInCheckout(target, real)) return undefined
  return relative('', folder) || '.'
}

/** Finds the repository's own folder, by a path above a file, which may have symbolic links. */
export function topOfRepository(file: string, named: readonly string[]): string | undefined {
  const start = resolve(file, '..')
  const real = repositoryRoot(start, named)
  return foldersFrom(start).find((folder) => realPath(folder) === real)
}
