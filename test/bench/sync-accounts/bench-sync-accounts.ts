import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle } from '../../../image/bundle.ts'
import { type Bench, type Figure, measureInTurns, mebibytes, milliseconds } from '../bench.ts'
import { measureFirstSync, type Synced } from './measure.ts'

/**
 * Measures the first sync of controllers with different numbers of accounts. The controller is the image's bundle in a
 * process of its own; the API server and the emulator are in another one. The cost of one Secret should stay the same.
 */
export const benchSyncAccounts: Bench = async ({ isSmoke }) => {
  const program = mkdtempSync(join(tmpdir(), 'akv-injector-bench-'))
  try {
    await bundle(program)
    const sizes = isSmoke ? [100, 400] : [1_000, 2_000, 5_000, 10_000]
    const measureOf = (accounts: number) => () =>
      measureFirstSync({ program: join(program, 'main.js'), accounts })
    const runs = await measureInTurns<string, Synced>(
      Object.fromEntries(sizes.map((accounts) => [accounts, measureOf(accounts)])),
      isSmoke ? 3 : 1,
    )
    const measured = sizes.flatMap((accounts) => middleOf(runs[accounts] ?? []))
    const [fewest, ...others] = measured
    return fewest ? [figureOf(fewest), ...others.map((figures) => figureOf(figures, fewest))] : []
  } finally {
    rmSync(program, { recursive: true })
  }
}

/** The run with the median of the CPU times. */
const middleOf = (runs: readonly Synced[]): readonly Synced[] =>
  runs
    .toSorted((a, b) => a.cpuMs - b.cpuMs)
    .slice(Math.floor(runs.length / 2))
    .slice(0, 1)

function figureOf(synced: Synced, fewest?: Synced): Figure {
  const { accounts, seconds, cpuMs, longestBlockMs, longestDelayMs, peakBytes } = synced
  return {
    what: `${accounts.toLocaleString('en')} accounts`,
    value: [
      `${seconds.toFixed(0)} s`,
      `${milliseconds(cpuMs / accounts)} of CPU time for each Secret`,
      `the event loop was busy for ${milliseconds(longestBlockMs)} and late by ${milliseconds(longestDelayMs)} at most`,
      `${mebibytes(peakBytes)} at its peak`,
    ].join(', '),
    ...(fewest && {
      ratios: {
        'CPU of one Secret': cpuMs / accounts / (fewest.cpuMs / fewest.accounts),
        memory: peakBytes / fewest.peakBytes,
      },
    }),
  }
}
