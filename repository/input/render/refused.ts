import { resolve } from 'node:path'
import { FileError } from '../text/file-error.ts'
import type { RenderFolder, SkippedPath } from '../text/find-files.ts'
import { isRendered } from '../text/rendered-source.ts'

/** A folder that can't be rendered, or whose text can't be read once it is. */
export interface RefusedFolder extends RenderFolder {
  /** The folders that are read only to render it. */
  readonly reads: readonly string[]
  readonly errors: readonly FileError[]
}

/** What becomes of folders that can't be rendered. */
export interface Settled {
  readonly errors: readonly FileError[]
  readonly skipped: readonly SkippedPath[]
}

/**
 * Makes errors of the folders that can't be rendered if the user asked for rendering. Otherwise they are skipped, and so
 * are the folders that nothing else reads.
 *
 * @param rendered - the folders that were read to render others
 */
export function settleRefused(
  refused: readonly RefusedFolder[],
  { isRequired, rendered }: { readonly isRequired: boolean; readonly rendered: readonly string[] },
): Settled {
  const broken = refused
    .filter(({ path, errors }) => errors.every(({ position }) => !isIn(position.source, path)))
    .map(({ path }) => ({ path, reason: brokenSentence }))
  if (isRequired)
    return { errors: unique(refused.flatMap(({ errors }) => errors)), skipped: broken }
  const known = new Set(rendered.map((folder) => resolve(folder)))
  const skipped = refused.flatMap(({ path, reads, errors: [error] }) => {
    const { source = '' } = error?.position ?? {}
    const failure = isRendered(source) ? "can't be read once rendered" : "can't be rendered"
    const reason = `${failure}: ${source === path ? error?.sentence : error?.message}`
    const cause = `${failure}: ${error?.common}`
    return [path, ...reads].flatMap((folder) => {
      if (known.has(resolve(folder))) return []
      known.add(resolve(folder))
      return {
        path: folder,
        cause,
        reason: folder === path ? reason : `belongs to ${path}, which ${reason}`,
      }
    })
  })
  return { errors: [], skipped }
}

const isIn = (source: string, folder: string): boolean =>
  source === folder || source.startsWith(`${folder}/`)

const unique = <T>(list: readonly T[]): readonly T[] => [...new Set(list)]

const brokenSentence = "is a Kustomize folder, and something that it refers to can't be rendered"

/** The error of a folder that isn't rendered because there are too many. */
export const tooMany = (source: string, maxFolders: number): FileError =>
  new FileError({ source }, `has more than ${maxFolders} folders to render; pass fewer folders`)
