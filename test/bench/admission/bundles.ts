import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { bundle } from '../../../image/bundle.ts'

const root = join(import.meta.dirname, '../../..')

/** Bundles the checkout as the image does, and gives the program's file. */
export async function bundleCheckout(folder: string): Promise<string> {
  await bundle(folder)
  return join(folder, 'main.js')
}

/**
 * Bundles a commit with the packages of its own lockfile, once for each machine.
 *
 * @returns the program's file
 * @throws Error if the checkout has no such commit, or if the commit can't be bundled
 */
export function bundleCommit(commit: string): string {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'akv-injector')
  const bundled = join(cache, 'bundles', commit)
  if (!existsSync(bundled)) {
    console.error(`bundling ${commit}, once for this machine`)
    const checkout = mkdtempSync(join(tmpdir(), 'akv-injector-commit-'))
    try {
      checkOut(commit, checkout)
      run('npm', ['ci', '--silent'], checkout)
      run('npm', ['run', '--silent', 'bundle'], checkout)
      run('mkdir', ['-p', join(cache, 'bundles')], root)
      // In one step, so that an interrupted run leaves no half of a bundle. The cache may be another file system.
      const copy = `${bundled}.${process.pid}`
      run('cp', ['-r', join(checkout, 'dist'), copy], root)
      renameSync(copy, bundled)
    } finally {
      rmSync(checkout, { recursive: true, force: true })
    }
  }
  return join(bundled, 'main.js')
}

/**
 * The options for Node.js of the chart's webhook, without which the young generation would grow and cause pauses at a low load.
 *
 * @param commit - whose chart. Default: the checkout's
 */
export function webhookOptions(commit?: string): string {
  const file = 'manifests/chart/values.yaml'
  const text =
    commit === undefined
      ? readFileSync(join(root, file), 'utf8')
      : execFileSync('git', ['show', `${commit}:${file}`], { cwd: root, encoding: 'utf8' })
  return parse(text).webhook.nodeOptions
}

function checkOut(commit: string, folder: string): void {
  try {
    const archive = execFileSync('git', ['archive', commit], { cwd: root, maxBuffer: 2 ** 30 })
    execFileSync('tar', ['-x', '-C', folder], { input: archive })
  } catch (error) {
    throw new Error(
      `commit ${commit} can't be checked out; the bench needs git, and a clone with the whole history (git fetch --unshallow)`,
      { cause: error },
    )
  }
}

function run(command: string, args: readonly string[], cwd: string): void {
  execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
}
