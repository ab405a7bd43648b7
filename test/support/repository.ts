import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import type { Ended } from './run-command-line.ts'
import { runInProcess } from './run-in-process.ts'
import { program, startsFast } from './start-fast/bundles.ts'

/** The text of each file by its path. */
export type Texts = Readonly<Record<string, string>>

/** A folder with files. */
export function makeFolder(t: Test, files: Texts) {
  const folder = t.testdir()
  const pathOf = (path: string) => join(folder, path)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(pathOf(path)), { recursive: true })
    writeFileSync(pathOf(path), text)
  }
  return {
    pathOf,
    /** The files with their texts, except those of Git. */
    texts: (): Texts =>
      Object.fromEntries(
        readdirSync(folder, { recursive: true, encoding: 'utf8' })
          .filter((path) => !path.startsWith('.git') && statSync(pathOf(path)).isFile())
          .toSorted()
          .map((path) => [path, readFileSync(pathOf(path), 'utf8')]),
      ),
    /** Runs a command with paths in the folder. Its output has them without the folder. */
    async run(command: readonly string[], paths: readonly string[] = ['.']): Promise<Ended> {
      const { code, stdout, stderr } = await runInProcess([...command, ...paths.map(pathOf)])
      const shown = (text: string) => text.replaceAll(`${folder}/`, '').replaceAll(folder, '.')
      return { code, stdout: shown(stdout), stderr: shown(stderr) }
    },
    /** Runs a command as a process of its own in the folder. */
    start(...command: readonly string[]): Ended {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [...startsFast, program, ...command],
        { cwd: folder, encoding: 'utf8' },
      )
      return { code: status, stdout, stderr }
    },
  }
}

/** A folder with files, committed to a Git repository of its own. */
export function makeRepository(t: Test, files: Texts) {
  const folder = makeFolder(t, files)
  const cwd = folder.pathOf('.')
  const run = (command: string, ...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(command, args, {
      cwd,
      encoding: 'utf8',
      // Never the repository around this folder.
      env: { ...process.env, ...configuration, GIT_CEILING_DIRECTORIES: dirname(cwd) },
    })
    if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
    return stdout
  }
  // One shell starts several programs in less time than this process starts one, because it is small.
  const shell = (commands: string) => run('sh', '-ec', commands)
  shell(`git init --quiet --template=; ${commitAll}`)
  return {
    ...folder,
    git: (...args: readonly string[]) => run('git', ...args),
    shell,
    commit: () => shell(commitAll),
  }
}

const commitAll = `git add --all --force; git commit --quiet --allow-empty --message change`

/** Git's settings, as variables of its environment. */
const settings = {
  'user.name': 'test',
  'user.email': 'test@example.com',
  // Nothing runs in the background.
  'maintenance.auto': 'false',
}
const configuration = Object.fromEntries([
  ['GIT_CONFIG_COUNT', String(Object.keys(settings).length)],
  ...Object.entries(settings).flatMap(([key, value], i) => [
    [`GIT_CONFIG_KEY_${i}`, key],
    [`GIT_CONFIG_VALUE_${i}`, value],
  ]),
])
