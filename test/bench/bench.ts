/** One figure of a bench, ready to print. */
export interface Figure {
  readonly what: string
  readonly value: string
  /**
   * By what they compare, such as `CPU`: how many times as much as a floor that the same run has measured in turns. More is
   * worse. Take CPU time, memory or a count, because times differ too much on a busy machine; a bench that has a cluster for
   * itself may take times. `npm run bench -- --smoke` compares them with the recorded ones (record.ts), and so do the benches
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

export const perSecond = (count: number): string => `${Math.round(count).toLocaleString('en')}/s`
export const milliseconds = (ms: number): string => `${ms.toFixed(2)} ms`
export const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
