import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Figure } from './bench.ts'

/** The ratios of a smoke run: by the name of the table, then by what the figure shows and what is compared. */
export type RatioRecord = Readonly<Record<string, Readonly<Record<string, number>>>>

/** More than noise makes of a median, and less than a mistake that makes something slow. */
const maxGrowth = 2

const file = join(import.meta.dirname, 'ratios.json')
const renew = 'npm run bench -- --smoke --record'

export const readRecord = (): RatioRecord => JSON.parse(readFileSync(file, 'utf8'))

/** Replaces the records of the tables that were measured. */
export function writeRecord(found: ReadonlyMap<string, readonly Figure[]>): void {
  const record = { ...readRecord(), ...ratiosOf(found) }
  writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`)
}

/**
 * Compares the ratios of the tables that were measured with the recorded ones.
 *
 * @returns a sentence for each ratio that is more than twice the recorded one, and for each that only one of both has
 */
export function compareWithRecord(
  found: ReadonlyMap<string, readonly Figure[]>,
  record: RatioRecord,
): readonly string[] {
  return Object.entries(ratiosOf(found)).flatMap(([table, ratios]) => {
    const recorded = record[table] ?? {}
    const names = new Set([...Object.keys(ratios), ...Object.keys(recorded)])
    return [...names].flatMap((name) => {
      const problem = problemOf(ratios[name], recorded[name])
      return problem === undefined ? [] : [`${table}: ${name}: ${problem}`]
    })
  })
}

function problemOf(found: number | undefined, recorded: number | undefined): string | undefined {
  if (found === undefined) return `the record has it, and the run doesn’t; run ${renew}`
  if (recorded === undefined) return `not in the record yet; run ${renew}`
  if (found <= maxGrowth * recorded) return undefined
  return `${found.toFixed(2)} × the floor, and ${recorded.toFixed(2)} × when it was recorded; find out what costs more, or run ${renew} if it has to`
}

function ratiosOf(found: ReadonlyMap<string, readonly Figure[]>): RatioRecord {
  const ofTable = (figures: readonly Figure[]) =>
    figures.flatMap(({ what, ratios = {} }) =>
      Object.entries(ratios).map(([compared, ratio]) => [
        `${what}, ${compared}`,
        Math.round(ratio * 100) / 100,
      ]),
    )
  return Object.fromEntries(
    [...found].map(([table, figures]) => [table, Object.fromEntries(ofTable(figures))]),
  )
}
