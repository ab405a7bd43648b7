import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Figure } from './bench.ts'

/** Recorded ratios: by the name of the table, then by what the figure shows and what is compared. */
export type RatioRecord = Readonly<Record<string, Readonly<Record<string, number>>>>

/** More than noise makes of a median, and less than a mistake that makes something slow. */
const maxGrowth = 2

const file = join(import.meta.dirname, 'ratios.json')

export const readRecord = (): RatioRecord => JSON.parse(readFileSync(file, 'utf8'))

/** Replaces the records of the tables that were measured. */
export function writeRecord(found: ReadonlyMap<string, readonly Figure[]>): void {
  const record = { ...readRecord(), ...ratiosOf(found) }
  writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`)
}

/**
 * Compares the ratios of the tables that were measured with the recorded ones.
 *
 * @param renew - the command that records these tables
 * @returns the table and the name of each ratio that is more than twice the recorded one, or that only one of both has, with a
 *   sentence about it
 */
export function compareWithRecord(
  found: ReadonlyMap<string, readonly Figure[]>,
  { record, renew }: { readonly record: RatioRecord; readonly renew: string },
): ReadonlyMap<string, string> {
  const compared = Object.entries(ratiosOf(found)).flatMap(([table, ratios]) => {
    const recorded = record[table] ?? {}
    const names = new Set([...Object.keys(ratios), ...Object.keys(recorded)])
    return [...names].flatMap((name) => {
      const problem = problemOf({ found: ratios[name], recorded: recorded[name], renew })
      return problem === undefined ? [] : [[`${table}: ${name}`, problem] as const]
    })
  })
  return new Map(compared)
}

/**
 * Ends a bench on a cluster: records the ratios if its arguments ask for it, and else prints what is worse than recorded.
 *
 * @param renew - the command that records these tables
 * @returns the exit code
 */
export function recordOrCompare(
  found: ReadonlyMap<string, readonly Figure[]>,
  { args, renew }: { readonly args: readonly string[]; readonly renew: string },
): number {
  if (args.includes('--record')) {
    writeRecord(found)
    return 0
  }
  const problems = compareWithRecord(found, { record: readRecord(), renew })
  for (const [name, problem] of problems) console.log(`${name}: ${problem}`)
  return problems.size === 0 ? 0 : 1
}

interface Compared {
  readonly found: number | undefined
  readonly recorded: number | undefined
  readonly renew: string
}

function problemOf({ found, recorded, renew }: Compared): string | undefined {
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
  const tables = [...found].map(([table, figures]) => [table, ofTable(figures)] as const)
  return Object.fromEntries(
    tables
      .filter(([, ratios]) => ratios.length > 0)
      .map(([table, ratios]) => [table, Object.fromEntries(ratios)]),
  )
}
