import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { countOf } from '../../lib/count-of.ts'
import { readUsers } from '../support/users-of-files.ts'
import { findAffected } from './find-affected.ts'
import { tapFiles } from './tap-files.ts'

/**
 * `npm run affected [-- --since REV]`: runs `npm run check`, and the tests that can notice what has changed in the working tree, or
 * since a commit.
 */

const root = join(import.meta.dirname, '../..')
const { values } = parseArgs({ options: { since: { type: 'string', default: 'HEAD' } } })
process.exitCode = main()

function main(): number {
  const changed = [
    ...linesOf('diff', '--name-only', '--no-renames', values.since),
    ...linesOf('ls-files', '--others', '--exclude-standard'),
  ]
  const users = readUsers(root, codeFiles())
  const { tests, everywhere } = findAffected({ root, users }, changed)
  for (const path of everywhere)
    console.log(`affected: nothing says which tests depend on ${path}; run npm test`)
  console.log(
    `affected: ${countOf(changed.length, 'changed file')}, ${countOf(tests.length, 'test file')}`,
  )
  const checked = run('npm', ['run', '--silent', 'check'])
  const { files, chosen } = tapFiles([...new Set([...tests, 'test/layout.test.ts'])])
  return run('tap', files, { TEST_FILES: chosen.join('\n') }) || checked
}

function linesOf(...args: readonly string[]): readonly string[] {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((line) => line !== '')
}

/** Without the tests that need a cluster. */
function codeFiles(): readonly string[] {
  return linesOf('ls-files', '--cached', '--others', '--exclude-standard').filter(
    (path) =>
      path.endsWith('.ts') && !path.startsWith('test/cluster/') && existsSync(join(root, path)),
  )
}

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): number {
  const { status } = spawnSync(program, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  return status ?? 1
}
