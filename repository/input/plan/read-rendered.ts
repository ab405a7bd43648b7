import { resolve } from 'node:path'
import { type RefusedFolder, type Settled, settleRefused } from '../render/refused.ts'
import { type Rendered, type RenderOptions, renderFolders } from '../render/render-folders.ts'
import { FileError } from '../text/file-error.ts'
import type { SkippedPath } from '../text/find-files.ts'
import type { RenderPlan } from './plan-rendering.ts'

/** `skipped`: with those of the plan that nothing has used. */
interface ReadRendered<T extends object> extends Settled {
  readonly read: readonly T[]
  /** The folders that can't be rendered, and those whose text can't be read. */
  readonly refused: readonly RefusedFolder[]
}

/**
 * Renders the folders of a plan. Reads the text of each as it comes, so that they aren't all in memory.
 *
 * @param options - `read`: reads what was rendered of a folder; if it returns a skipped path instead, the folder is left aside, which isn't an
 * error; `isRequired`: whether a folder that can't be rendered is an error
 */
export async function readRendered<T extends object>(
  { roots, refused, skipped, follow }: Pick<RenderPlan, 'roots' | 'refused' | 'skipped' | 'follow'>,
  {
    read,
    isRequired,
    ...options
  }: Omit<RenderOptions, 'follow'> & {
    readonly read: (rendered: Rendered) => T | FileError | SkippedPath
    readonly isRequired: boolean
  },
): Promise<ReadRendered<T>> {
  const failed = [...refused]
  const found: T[] = []
  const rendered: string[] = []
  const leftAside: SkippedPath[] = []
  for await (const result of renderFolders(roots, { ...options, follow })) {
    if ('errors' in result) {
      failed.push(result)
      continue
    }
    const content = read(result)
    if ('reason' in content) leftAside.push(content)
    else if (content instanceof FileError) failed.push({ ...result.root, errors: [content] })
    else {
      found.push(content)
      rendered.push(...result.root.reads)
    }
  }
  const settled = settleRefused(failed, { isRequired, rendered })
  const used = new Set(rendered.map((folder) => resolve(folder)))
  return {
    read: found,
    refused: failed,
    errors: settled.errors,
    skipped: [
      ...leftAside,
      ...skipped.filter(({ path }) => !used.has(resolve(path))),
      ...settled.skipped,
    ],
  }
}
