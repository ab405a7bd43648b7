import { dirname, relative, resolve, sep } from 'node:path'
import type { Doubts } from '../input/environments/folder-views.ts'
import type { NamedObject } from '../input/find-objects.ts'
import type { Builds } from './kustomize/builds.ts'
import { mayDefine, type Unread } from './unread/unread.ts'

/** What is known of the files that aren't read as manifests. */
export interface OtherFiles {
  readonly builds: Builds
  /** Files and folders that may use objects. */
  readonly unread: readonly Unread[]
}

/**
 * The definitions that may not be the ones that count:
 *
 * - those that Kustomize changes;
 * - those that are part of only some of the builds that have the file that refers to them: the other builds have another one;
 * - those that a file that can't be read may have, too, in a nearer folder, or anywhere if no folder above has any.
 */
export function doubtsFrom({ builds, unread }: OtherFiles): Doubts {
  const files = unread.filter(({ isFile }) => isFile)
  const hidden = (object: NamedObject) => files.filter((file) => mayDefine(file, object))
  return {
    concern: (object) => builds.of(object.manifest.source).length > 0 || hidden(object).length > 0,
    about(object, folder) {
      const change = builds.changeOf(object)
      if (change !== undefined) return change
      const own = resolve(object.manifest.source)
      const roots = builds.rootsIn(folder)
      const without = roots.find(({ files }) => !files.has(own))
      if (without && roots.some(({ files }) => files.has(own)))
        return `is not part of ${without.file}, which has this file, too`
      const nearer = hidden(object).find(({ path }) =>
        isNearer(dirname(resolve(path)), dirname(own), folder),
      )
      return nearer && `may have another definition in ${nearer.path}, which ${nearer.reason}`
    },
  }
}

/** Whether a definition in a folder would count rather than the one in another folder. */
function isNearer(folder: string, other: string, from: string): boolean {
  return isAbove(other, from)
    ? isAbove(folder, from) && folder !== other && isAbove(other, folder)
    : true
}

/** Whether a folder is another one, or above it. */
function isAbove(folder: string, other: string): boolean {
  const path = relative(folder, other)
  return path !== '..' && !path.startsWith(`..${sep}`)
}
