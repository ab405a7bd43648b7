import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The files that are newer than this commit get a floor. Change it after a run of which each survivor was judged. */
export const judgedCommit = '626429834e02b182e2b6c288c7fa7fe7fa88997a'

/**
 * Finds the files that are new since a commit: of which at least half of the lines are. A move makes no file new.
 *
 * @param paths - of the files that exist
 * @throws Error if there is no such commit
 */
export function newFiles(
  root: string,
  { since, paths }: { readonly since: string; readonly paths: readonly string[] },
): ReadonlySet<string> {
  const tracked = new Set(git(root, 'ls-files', '-z').split('\0'))
  const added = addedLines(git(root, 'diff', '--numstat', '-M', '-z', since, '--'))
  const lines = (path: string) => readFileSync(join(root, path), 'utf8').split('\n').length
  return new Set(
    paths.filter((path) => !tracked.has(path) || 2 * (added.get(path) ?? 0) >= lines(path)),
  )
}

/** The added lines of each file. A file that moved is named by two more fields, and only the lines that changed are new. */
function addedLines(numstat: string): ReadonlyMap<string, number> {
  const fields = numstat.split('\0')
  const added = new Map<string, number>()
  for (let at = 0; at < fields.length - 1; at++) {
    const [count = '', , path] = fields[at]?.split('\t') ?? []
    if (path === '') at += 2
    added.set(path || (fields[at] ?? ''), Number(count))
  }
  return added
}

const git = (root: string, ...args: readonly string[]): string =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26, stdio: 'pipe' })
