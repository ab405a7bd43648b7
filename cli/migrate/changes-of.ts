import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { FileChange } from './files/file-change.ts'
import type { RewrittenFile } from './rewrite-documents.ts'

/** What becomes of a file: itself, and the new files beside it. */
export function changesOf(
  { source, before, after, added }: RewrittenFile,
  which: 'all' | 'changed',
): readonly FileChange[] {
  // Kustomize fails if a file that it lists is gone, and accepts an empty one.
  const isGone = before !== after && isEmptied(after) && kustomizationOf(source) === undefined
  const own = { path: source, before, ...(!isGone && { after }) }
  const lineBreak = before.includes('\r\n') ? '\r\n' : '\n'
  return [
    ...(which === 'all' || own.after !== before ? [own] : []),
    ...added.map(({ path, text }) => ({ path, after: text.replaceAll('\n', lineBreak) })),
  ]
}

/** Whether nothing but comments and marks is left. */
const isEmptied = (text: string): boolean =>
  text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .every((line) => /^(?:---|\.\.\.|%.*)?\s*(?:#.*)?$/.test(line))

/** The kustomization.yaml that could list a file. */
export const kustomizationOf = (path: string): string | undefined =>
  kustomizationNames.map((name) => join(dirname(path), name)).find((file) => existsSync(file))

const kustomizationNames = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']

/** The same files, with names for the new ones that no file has yet. */
export function withFreshPaths(files: readonly RewrittenFile[]): readonly RewrittenFile[] {
  const taken = new Set<string>()
  const freshPath = (path: string, number = 1): string => {
    const chosen = number === 1 ? path : path.replace(/\.yaml$/, `-${number}.yaml`)
    if (existsSync(chosen) || taken.has(resolve(chosen))) return freshPath(path, number + 1)
    taken.add(resolve(chosen))
    return chosen
  }
  return files.map((file) => ({
    ...file,
    added: file.added.map((account) => ({ ...account, path: freshPath(account.path) })),
  }))
}
