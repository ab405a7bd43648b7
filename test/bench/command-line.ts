import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleCheckout, bundleCommit } from './admission/bundles.ts'
import { type Bench, type Figure, measureInTurns, median, milliseconds } from './bench.ts'
import { compareRuns, measureProcess, medianOf, type Run } from './measure-process.ts'

const root = join(import.meta.dirname, '../..')

/**
 * The commit whose `check` is measured beside today's. Move it only in a commit that says why its figures may be given up, or
 * to keep an improvement.
 */
const pinnedCommit = '74dd67b9'
/** More than noise makes of the median of the turns. */
const maxGrowth = 1.1

const check = ['check', join(root, 'manifests/examples/files.yaml')]

/**
 * Measures commands of the npm package, from start to exit, in turns with a Node process that does nothing, and `check` in
 * turns with the one of the pinned commit.
 */
export const benchCommandLine: Bench = async ({ isSmoke }) => {
  const folder = mkdtempSync(join(tmpdir(), 'akv-injector-bench-'))
  try {
    const today = await bundleCheckout(join(folder, 'dist'))
    const pinned = bundleCommit(pinnedCommit)
    const entry = join(folder, 'cli/akv-injector.cjs')
    cpSync(join(root, 'cli/akv-injector.cjs'), entry)
    const run = (...args: readonly string[]) => measureProcess({ folder, args })
    const runs = await measureInTurns(
      {
        nothing: () => run('-e', '0'),
        version: () => run(entry, '--version'),
        check: () => run(entry, ...check),
        // The pinned commit's bundle is without the package's entry.
        today: () => run(today, ...check),
        pinned: () => run(pinned, ...check),
      },
      isSmoke ? 15 : 25,
    )
    const idle = medianOf(runs.nothing)
    return [
      compareRuns('node -e 0', idle, idle),
      compareRuns('akv-injector --version', medianOf(runs.version), idle),
      compareRuns('akv-injector check', medianOf(runs.check), idle),
      compareWithPinned(runs.today, runs.pinned),
    ]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function compareWithPinned(today: readonly Run[], pinned: readonly Run[]): Figure {
  const growth = median(today.map(({ cpuMs }, turn) => cpuMs / (pinned[turn]?.cpuMs ?? Number.NaN)))
  const [cpu, pinnedCpu] = [medianOf(today), medianOf(pinned)].map(({ cpuMs }) =>
    milliseconds(cpuMs),
  )
  return {
    what: 'CPU of akv-injector check',
    value: `${cpu}  (commit ${pinnedCommit} ${pinnedCpu}, ratio ${growth.toFixed(2)})`,
    ...(growth > maxGrowth && {
      failure: `it takes ${growth.toFixed(2)} × the CPU time of commit ${pinnedCommit}; accepted: ${maxGrowth}`,
    }),
  }
}
