/** How often a property is tried with generated input. `npm run fuzz` asks for many more. */
export const numRuns = Number(process.env['FAST_CHECK_RUNS'] ?? 100)

/** Whether `npm run fuzz` runs the tests: what takes long runs there at its full size, or with its full count. */
export const isFuzzing = process.env['FAST_CHECK_RUNS'] !== undefined

/** Chance can't miss a floor so often that the usual run reaches with ease. */
const maxRounds = 10

/**
 * Tries a property again, with other inputs, until enough of them had an effect.
 *
 * @param isEnough - gets the number of rounds
 * @returns whether it was enough in the end
 */
export function isReached(round: () => void, isEnough: (rounds: number) => boolean): boolean {
  for (let rounds = 1; rounds <= maxRounds; rounds++) {
    round()
    if (isEnough(rounds)) return true
  }
  return false
}
