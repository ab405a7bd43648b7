import { spawnSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { maxProgramMs } from '../../../command/run-program.ts'
import { cached } from '../../../lib/cached.ts'

/** A file for which `git diff` wouldn't show just our changes. */
interface UnreviewedFile {
  readonly path: string
  readonly reason: string
}

/** Finds the files that differ from the last commit, or that Git doesn't track. */
export function unreviewedFiles(paths: readonly string[]): readonly UnreviewedFile[] {
  const repositoryOf = cached(findRepository)
  const located = paths.map((path) => {
    const folder = realpathSync(dirname(path))
    return { path, repository: repositoryOf(folder), file: join(folder, basename(path)) }
  })
  const byRepository = Map.groupBy(located, ({ repository }) => repository)
  return [...byRepository].flatMap(([repository, files]) => {
    if (repository === undefined)
      return files.map(({ path }) => ({ path, reason: 'is in no Git repository' }))
    const names = files.map(({ file }) => relative(repository, file))
    const states = statesIn(repository, names)
    return files.flatMap(({ path }, i) => {
      const reason = states(names[i] ?? '')
      return reason === undefined ? [] : { path, reason }
    })
  })
}

/** Finds the folder with `.git`, which is a file in a worktree and in a submodule. */
function findRepository(folder: string): string | undefined {
  if (existsSync(join(folder, '.git'))) return folder
  const parent = dirname(folder)
  return parent === folder ? undefined : findRepository(parent)
}

/** So many long paths fit on a command line in Linux. */
const maxNames = 200

function statesIn(
  repository: string,
  names: readonly string[],
): (name: string) => string | undefined {
  const states = new Map<string, string>()
  const environment = withoutFilters(repository)
  for (let at = 0; at < names.length; at += maxNames) {
    const some = names.slice(at, at + maxNames)
    const entries = readStatus(repository, some, environment)
    if (typeof entries === 'string') return () => entries
    for (const name of some) {
      const entry = entries.find(
        ({ path }) => path === name || (path.endsWith('/') && name.startsWith(path)),
      )
      if (entry) states.set(name, sentenceOf(entry.state))
    }
  }
  return (name) => states.get(name)
}

interface StatusEntry {
  readonly state: string
  /** The path. A folder's ends with a slash. */
  readonly path: string
}

/** Returns the entries of `git status`, or why there are none. */
function readStatus(
  repository: string,
  names: readonly string[],
  env: NodeJS.ProcessEnv,
): readonly StatusEntry[] | string {
  const { error, status, stdout, stderr } = runGit(
    repository,
    [...statusCommand, '--', ...names],
    env,
  )
  if (error && 'code' in error && error.code === 'ETIMEDOUT')
    return `can't be compared with its commit: git status didn't end within ${maxProgramMs / 1000} s`
  if (error) return `can't be compared with its commit: git: ${error.message}`
  if (status !== 0) return `can't be compared with its commit: git: ${stderr.split('\n')[0]}`
  return stdout
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry) => ({ state: entry.slice(0, 2), path: entry.slice(3) }))
}

function runGit(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  const options = { encoding: 'utf8', timeout: maxProgramMs, maxBuffer: 16 * 1024 * 1024 } as const
  return spawnSync('git', args, { ...options, cwd, env })
}

/**
 * Environment variables that turn off the filters in a repository's configuration, because filters are programs. They
 * also keep Git from fetching anything.
 */
function withoutFilters(repository: string): NodeJS.ProcessEnv {
  const { GIT_DIR: _, GIT_WORK_TREE: __, GIT_INDEX_FILE: ___, ...inherited } = process.env
  const env: NodeJS.ProcessEnv = {
    ...inherited,
    GIT_NO_LAZY_FETCH: '1',
    GIT_ALLOW_PROTOCOL: 'none',
  }
  const { stdout } = runGit(repository, filtersCommand, env)
  const names = new Set((stdout ?? '').split('\0').filter((name) => name !== ''))
  const before = Number(env['GIT_CONFIG_COUNT'] ?? 0)
  const pairs = [...names].flatMap((name, i) => [
    [`GIT_CONFIG_KEY_${before + i}`, name],
    [`GIT_CONFIG_VALUE_${before + i}`, name.endsWith('.required') ? 'false' : ''],
  ])
  const count = { GIT_CONFIG_COUNT: String(before + names.size) }
  return { ...env, ...Object.fromEntries(pairs), ...(names.size > 0 && count) }
}

const filtersCommand = [
  ...['config', '--null', '--name-only'],
  ...['--get-regexp', '^filter\\..*\\.(clean|process|required)$'],
]

/** With these options, Git runs no program that the repository names, and writes nothing. */
const statusCommand = [
  ...['--literal-pathspecs', '--no-optional-locks', '-c', 'core.fsmonitor=false'],
  ...['status', '--porcelain=v1', '-z', '--no-renames', '--ignore-submodules=all'],
  ...['--untracked-files=all', '--ignored=matching'],
]

const sentenceOf = (state: string): string =>
  state === '??' || state === '!!' ? 'is not in Git' : 'has uncommitted changes'
