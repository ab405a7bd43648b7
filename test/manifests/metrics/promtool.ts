import { spawnSync } from 'node:child_process'
import { programPath, without } from '../../support/needs/without.ts'

export const promtool = programPath('promtool')

/** Why tests that need promtool are skipped; false if it is available. */
export const withoutPromtool = without('promtool')

/** Runs promtool, and returns what it says if it fails. */
export function runPromtool(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(promtool, args, { encoding: 'utf8' })
  return status === 0 ? '' : stdout + stderr
}
