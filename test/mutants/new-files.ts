import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The files that are newer than this commit get a floor. Change it after a run of which each survivor was judged. */
export const judgedCommit = '626429834e02b182e2b6c288c7fa7fe7fa88997a'

/**
 * Finds the files that are new since a commit: of which at least half of the lines are.
 *
 * @param paths - of the files that exist
 * @throws Error if there is no such commit
 */
export function newFiles(
  root: string,
  { since, paths }: { readonly since: string; readonly paths: readonly string[] },
): ReadonlySet<string> {
  const tracked = new Set(git(root, 'ls-files', '-z').split('\0'))
  const added = new Map(
    git(root, 'diff', '--numstat', '--no-renames', '-z', since, '--')
      .split('\0')
      .filter((line) => line !== '')
      .map((line) => {
        const [count = '', , path = ''] = line.split('\t')
        return [path, Number(count)]
      }),
  )
  const lines = (path: string) => readFileSync(join(root, path), 'utf8').split('\n').length
  return new Set(
    paths.filter((path) => !tracked.has(path) || 2 * (added.get(path) ?? 0) >= lines(path)),
  )
}

const git = (root: string, ...args: readonly string[]): string =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26, stdio: 'pipe' })
