import { resolve } from 'node:path'
import type { Builds } from '../kustomize/builds.ts'
import type { FileChange } from './file-change.ts'
import { isTaken } from './is-taken.ts'
import type { RewrittenFile } from './rewrite-documents.ts'

/** Lists the changes for one file: to the file itself, and the new files beside it. */
export function changesOf(
  { source, before, after, added, isListed = false }: RewrittenFile,
  which: 'all' | 'changed',
): readonly FileChange[] {
  // A file that a kustomization lists is emptied instead of deleted: Kustomize fails if it is missing, and accepts an
  // empty one.
  const isGone = before !== after && isEmptied(after) && !isListed
  const own = { path: source, before, ...(!isGone && { after }) }
  const lineBreak = before.includes('\r\n') ? '\r\n' : '\n'
  return [
    ...(which === 'all' || own.after !== before ? [own] : []),
    ...added.map(({ path, text }) => ({ path, after: text.replaceAll('\n', lineBreak) })),
  ]
}

/** Whether only comments and document separators are left. */
const isEmptied = (text: string): boolean =>
  text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .every((line) => /^(?:---|\.\.\.|%.*)?\s*(?:#.*)?$/.test(line))

/**
 * Prepares files for writing: chooses names for new files that no file has yet, and marks the files that a
 * kustomization lists.
 */
export function preparedFiles(
  files: readonly RewrittenFile[],
  builds: Builds,
): readonly RewrittenFile[] {
  const taken = new Set<string>()
  const freshPath = (path: string, number = 1): string => {
    const chosen = number === 1 ? path : path.replace(/\.yaml$/, `-${number}.yaml`)
    if (isTaken(chosen) || taken.has(resolve(chosen))) return freshPath(path, number + 1)
    taken.add(resolve(chosen))
    return chosen
  }
  return files.map((file) => ({
    ...file,
    isListed: builds
      .of(file.source)
      .some(({ resources }) => resources.includes(resolve(file.source))),
    added: file.added.map((account) => ({ ...account, path: freshPath(account.path) })),
  }))
}
