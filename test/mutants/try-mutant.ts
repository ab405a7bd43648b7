import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { applyMutant, type Mutant } from './find-mutants.ts'
import type { Verdict, Workspace } from './workspace.ts'

export type Result =
  | { readonly kind: 'killed' | 'hung'; readonly mutant: Mutant; readonly test: string }
  | { readonly kind: 'survived'; readonly mutant: Mutant; readonly tests: number }

export interface Trial {
  readonly root: string
  readonly workspace: Workspace
  /** The tests to run, in this order. */
  readonly tests: readonly string[]
  /** What each test that failed on a mutant gives without one. Tests are added. */
  readonly unmutated: Map<string, Verdict>
}

/** Runs tests on a mutant until one fails. */
export async function tryMutant(mutant: Mutant, trial: Trial): Promise<Result> {
  const { root, workspace, tests, unmutated } = trial
  const source = readFileSync(join(root, mutant.file), 'utf8')
  let passed = 0
  for (const test of tests) {
    if (isBroken(unmutated.get(test))) continue
    workspace.write(mutant.file, applyMutant(source, mutant))
    const verdict = await workspace.runTest(test)
    workspace.write(mutant.file, source)
    if (verdict === 'passed') {
      passed++
      continue
    }
    if (!unmutated.has(test)) unmutated.set(test, await workspace.runTest(test))
    if (!isBroken(unmutated.get(test)))
      return { kind: verdict === 'hung' ? 'hung' : 'killed', mutant, test }
  }
  return { kind: 'survived', mutant, tests: passed }
}

/** Whether a test fails without a mutant, too, so that its failure means nothing. */
export const isBroken = (verdict: Verdict | undefined): boolean =>
  verdict !== undefined && verdict !== 'passed'
