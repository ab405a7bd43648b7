import fc from 'fast-check'
import type { Test } from 'tap'

/**
 * Tries a property on generated inputs for `FUZZ_SECONDS`, two by default, and prints the seed of the inputs. `FUZZ_SEED`
 * repeats a run.
 *
 * A faster machine tries more inputs, but the result doesn't depend on the machine: a property must hold for any input.
 *
 * @param property - throws for an input that breaks it
 * @returns the number of inputs that were tried
 */
export async function fuzz<T>(t: Test, property: fc.IRawProperty<T>): Promise<number> {
  t.comment(`FUZZ_SEED=${seed}`)
  const details = await fc.check(property, {
    seed,
    numRuns: Number.MAX_SAFE_INTEGER,
    interruptAfterTimeLimit: seconds * 1000,
    markInterruptAsFailure: false,
  })
  if (details.failed)
    t.fail(`broken with FUZZ_SEED=${seed} by run ${details.numRuns}`, {
      path: details.counterexamplePath,
      error: String(details.errorInstance),
      counterexample: fc.stringify(details.counterexample).slice(0, maxShownLength),
    })
  else t.pass(`${details.numRuns} runs`)
  return details.numRuns
}

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
