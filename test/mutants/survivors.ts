import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Mutant } from './find-mutants.ts'

/** A mutant that no test of an earlier run noticed, and what was found out about it. */
export interface Survivor extends Pick<Mutant, 'file' | 'from' | 'to'> {
  /**
   * - `equivalent`: nobody can notice it, or only as a difference of speed
   * - `elsewhere`: a suite that doesn't run here watches it, such as the fuzzers or the cluster's tests
   * - `open`: a test should be written
   */
  readonly verdict: 'equivalent' | 'elsewhere' | 'open'
  readonly why: string
}

/** The survivors that have been judged. */
export const survivors: readonly Survivor[] = JSON.parse(
  readFileSync(join(import.meta.dirname, 'survivors.json'), 'utf8'),
)

export const verdictOn = ({ file, from, to }: Mutant): Survivor | undefined =>
  survivors.find(
    (survivor) => survivor.file === file && survivor.from === from && survivor.to === to,
  )
