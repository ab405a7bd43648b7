import { resolve } from 'node:path'
import type { Doubts } from '../../input/environments/folder-views.ts'
import type { Unread } from '../../input/unread/unread.ts'
import { doubtsAboutUnread } from '../../input/unread/unread-doubts.ts'
import type { Builds } from '../kustomize/builds.ts'

/** Facts about files that aren't read as manifests. */
export interface OtherFiles {
  readonly builds: Builds
  /** Files and folders that may use objects. */
  readonly unread: readonly Unread[]
}

/**
 * Doubts about three kinds of definitions:
 *
 * - Kustomize changes them.
 * - Only some of the builds with the file that refers to them include them, so the other builds have another definition.
 * - A file that can't be read may have another definition.
 */
export function doubtsFrom({ builds, unread }: OtherFiles): Doubts {
  const hidden = doubtsAboutUnread(unread)
  return {
    concern: (object) => builds.of(object.manifest.source).length > 0 || hidden.concern(object),
    about(object, folder) {
      const change = builds.changeOf(object)
      if (change !== undefined) return change
      const own = resolve(object.manifest.source)
      const roots = builds.rootsIn(folder)
      const without = roots.find(({ files }) => !files.has(own))
      if (without && roots.some(({ files }) => files.has(own)))
        return `is not part of ${without.file}, which has this file, too`
      return hidden.about(object, folder)
    },
  }
}
