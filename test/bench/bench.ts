/** One figure of a bench, ready to print. */
export interface Figure {
  readonly what: string
  readonly value: string
}

/** A measurement that takes a few seconds, or about one as a smoke run. */
export type Bench = (options: { readonly isSmoke: boolean }) => Promise<readonly Figure[]>

export function printFigures(title: string, figures: readonly Figure[]): void {
  console.log(`\n${title}`)
  const width = Math.max(...figures.map(({ what }) => what.length))
  for (const { what, value } of figures) console.log(`  ${what.padEnd(width)}  ${value}`)
}

export const perSecond = (count: number): string => `${Math.round(count).toLocaleString('en')}/s`
export const milliseconds = (ms: number): string => `${ms.toFixed(2)} ms`
export const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`
