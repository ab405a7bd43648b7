import { dirname, resolve } from 'node:path'
import { cached } from '../../../lib/cached.ts'
import type { Doubts } from '../environments/folder-views.ts'
import type { NamedObject } from '../objects/find-objects.ts'
import { foldersFrom } from '../text/folders-from.ts'
import { sourceFolder } from '../text/rendered-source.ts'
import { mayDefine, realPath, type Unread } from './unread.ts'

/**
 * Doubts about definitions, because of files that can't be read. A file in a nearer folder may have another definition. If no
 * folder above has a definition, a file anywhere may have one.
 */
export function doubtsAboutUnread(unread: readonly Unread[]): Doubts {
  const files = unread.filter(({ isFile }) => isFile)
  const target = cached((source: string) => realPath(source) ?? source)
  const hidden = cached((object: NamedObject) => {
    const { source } = object.manifest
    return files.filter(
      (file) =>
        mayDefine(file, object) && (file.target === undefined || file.target !== target(source)),
    )
  })
  return {
    concern: (object) => files.length > 0 && hidden(object).length > 0,
    about(object, folder) {
      if (files.length === 0) return undefined
      const own = sourceFolder(object.manifest.source)
      const nearer = hidden(object).find(({ path }) =>
        isNearer(dirname(resolve(path)), own, folder),
      )
      return nearer && `may have another definition in ${nearer.path}, which ${nearer.reason}`
    },
  }
}

/** Whether, seen from a folder, a definition in `folder` would win over the one in `other`. */
function isNearer(folder: string, other: string, from: string): boolean {
  return isAbove(other, from)
    ? isAbove(folder, from) && folder !== other && isAbove(other, folder)
    : true
}

/** Whether a folder is the other one, or contains it. */
const isAbove = (folder: string, other: string): boolean => foldersFrom(other).includes(folder)
