import { createRandom } from '../support/create-random.ts'
import type { Mutant } from './find-mutants.ts'

/**
 * Chooses a number of mutants, the same for the same seed. The kinds take turns, because there are many times more of some
 * than of others.
 */
export function chooseMutants(
  mutants: readonly Mutant[],
  { count, seed }: { readonly count: number; readonly seed: number },
): readonly Mutant[] {
  const random = createRandom(seed)
  const shuffled = mutants
    .map((mutant) => ({ mutant, order: random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ mutant }) => mutant)
  const kinds = Map.groupBy(shuffled, ({ kind }) => kind)
  return [...kinds.values()]
    .flatMap((ofKind) => ofKind.map((mutant, turn) => ({ mutant, turn })))
    .toSorted((a, b) => a.turn - b.turn)
    .slice(0, count)
    .map(({ mutant }) => mutant)
}

/** Chooses up to `each` mutants of each of these files, so that chance leaves out no file. */
export const chooseOfEach = (
  mutants: readonly Mutant[],
  {
    files,
    each,
    seed,
  }: { readonly files: ReadonlySet<string>; readonly each: number; readonly seed: number },
): readonly Mutant[] =>
  [...Map.groupBy(mutants, ({ file }) => file)].flatMap(([file, own]) =>
    files.has(file) ? chooseMutants(own, { count: each, seed }) : [],
  )
