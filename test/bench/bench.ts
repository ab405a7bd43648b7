/** One figure of a bench, ready to print. */
export interface Figure {
  readonly what: string
  readonly value: string
  /**
   * By what they compare, such as `CPU`: how many times as much as a floor that the same run has measured in turns. More is
   * worse. Take CPU time, memory or a count, because times differ too much on a busy machine; times may be compared if they
   * are of the same seconds, or if a bench has a cluster for itself. `npm run bench -- --smoke` compares them with the recorded ones (record.ts), and so do the benches
   * on a cluster.
   */
  readonly ratios?: Readonly<Record<string, number>>
  /** Why a smoke run must fail. */
  readonly failure?: string
}

/** A measurement that takes a few seconds, or about one as a smoke run. */
export type Bench = (options: {
  readonly isSmoke: boolean
  /** After how many refreshes to measure an agent's memory. */
  readonly refreshes?: number
}) => Promise<readonly Figure[]>

export function printFigures(title: string, figures: readonly Figure[]): void {
  console.log(`\n${title}`)
  const width = Math.max(...figures.map(({ what }) => what.length))
  for (const { what, value } of figures) console.log(`  ${what.padEnd(width)}  ${value}`)
}

/** Says at once what has been measured, beside the tables, so that a run shows where it is. */
export const printStep = (what: string): void => console.error(`  … ${what}`)

/**
 * Measures several things in turns, because the speed of a shared machine changes from second to second. Each turn goes in the
 * opposite order of the one before: whichever comes second may find the machine warmer, or busier.
 *
 * @returns what each of them gave, turn by turn
 */
export async function measureInTurns<Name extends string, Found>(
  measures: Readonly<Record<Name, () => Found | Promise<Found>>>,
  turns: number,
): Promise<Readonly<Record<Name, readonly Found[]>>> {
  const names = Object.keys(measures) as Name[]
  const found = {} as Record<Name, Found[]>
  for (const name of names) found[name] = []
  for (let turn = 0; turn < turns; turn++) {
    const startMs = performance.now()
    for (const name of turn % 2 === 0 ? names : names.toReversed())
      found[name].push(await measures[name]())
    printStep(
      `turn ${turn + 1} of ${turns}: ${((performance.now() - startMs) / 1000).toFixed(1)} s`,
    )
  }
  return found
}

export const perSecond = (count: number): string => `${Math.round(count).toLocaleString('en')}/s`
export const milliseconds = (ms: number): string => `${ms.toFixed(2)} ms`
export const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`

export const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN

export const median = (values: readonly number[]): number => quantile(values, 0.5)
