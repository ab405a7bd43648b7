import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle } from '../../image/bundle.ts'
import type { Bench } from './bench.ts'
import { compareRuns, measureProcess, medianOf, type Run } from './measure-process.ts'

const root = join(import.meta.dirname, '../..')

const commands: readonly (readonly string[])[] = [
  ['--version'],
  ['check', join(root, 'manifests/examples/files.yaml')],
]

/** Measures commands of the npm package, from start to exit, in turns with a Node process that does nothing. */
export const benchCommandLine: Bench = async ({ isSmoke }) => {
  const folder = mkdtempSync(join(tmpdir(), 'akv-injector-bench-'))
  try {
    await bundle(join(folder, 'dist'))
    const entry = join(folder, 'cli/akv-injector.cjs')
    cpSync(join(root, 'cli/akv-injector.cjs'), entry)
    const nothing: Run[] = []
    const measured = commands.map((args) => ({ args, runs: [] as Run[] }))
    for (let turn = 0; turn < (isSmoke ? 5 : 25); turn++) {
      nothing.push(await measureProcess({ folder, args: ['-e', '0'] }))
      for (const { args, runs } of measured)
        runs.push(await measureProcess({ folder, args: [entry, ...args] }))
    }
    const idle = medianOf(nothing)
    return [
      compareRuns('node -e 0', idle, idle),
      ...measured.map(({ args: [command], runs }) =>
        compareRuns(`akv-injector ${command}`, medianOf(runs), idle),
      ),
    ]
  } finally {
    rmSync(folder, { recursive: true })
  }
}
