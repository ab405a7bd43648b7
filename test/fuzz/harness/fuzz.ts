import fc from 'fast-check'
import type { Test } from 'tap'

/**
 * Tries a property on generated inputs for `FUZZ_SECONDS`, two by default, and prints the seed of the inputs. `FUZZ_SEED`
 * repeats a run.
 *
 * A faster machine tries more inputs, but the result doesn't depend on the machine: a property must hold for any input, and a
 * floor is reached, however long that takes.
 *
 * @param property - throws for an input that breaks it
 * @param isEnough - whether the floors of the test are reached, after so many inputs. If not, more are tried.
 * @returns the number of inputs that were tried
 */
export async function fuzz<T>(
  t: Test,
  property: fc.IRawProperty<T>,
  isEnough: (tried: number) => boolean = () => true,
): Promise<number> {
  let tried = 0
  for (let roundSeed = seed; roundSeed < seed + maxRounds; roundSeed++) {
    t.comment(`FUZZ_SEED=${roundSeed}`)
    const details = await fc.check(property, {
      seed: roundSeed,
      numRuns: Number.MAX_SAFE_INTEGER,
      interruptAfterTimeLimit: seconds * 1000,
      markInterruptAsFailure: false,
    })
    tried += details.numRuns
    // A round in which the time was over before the first input was tried has failed, too, but for nothing.
    if (details.failed && details.counterexample !== null) {
      t.fail(`broken with FUZZ_SEED=${roundSeed} by run ${details.numRuns}`, {
        path: details.counterexamplePath,
        error: String(details.errorInstance),
        counterexample: fc.stringify(details.counterexample).slice(0, maxShownLength),
      })
      return tried
    }
    if (tried === 0 || !isEnough(tried)) continue
    t.pass(`${tried} runs`)
    return tried
  }
  t.fail(`${tried} runs did not reach the floor: ${isEnough}`)
  return tried
}

/** How often to go on for a floor. Each is reached in the first round, unless the machine is very slow. */
const maxRounds = 100
const maxShownLength = 10_000
const seed = numberFrom('FUZZ_SEED') ?? Date.now() % 2 ** 31
const seconds = numberFrom('FUZZ_SECONDS') ?? 2

function numberFrom(name: string): number | undefined {
  const text = process.env[name]
  if (text === undefined) return undefined
  const number = Number(text)
  if (!Number.isSafeInteger(number)) throw new Error(`${name}=${text}: expected a whole number`)
  return number
}
