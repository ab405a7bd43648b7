import { spawnSync } from 'node:child_process'

export const promtool = process.env['PROMTOOL'] ?? 'promtool'

/** Why tests that need promtool are skipped; false if it is available. */
export const withoutPromtool =
  spawnSync(promtool, ['--version']).status !== 0 &&
  'this test needs promtool, which is neither on the PATH nor named by PROMTOOL (Debian package prometheus)'

/** Runs promtool, and returns what it says if it fails. */
export function runPromtool(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(promtool, args, { encoding: 'utf8' })
  return status === 0 ? '' : stdout + stderr
}
