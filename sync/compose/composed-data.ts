import type { CpuBudget } from '../../lib/cpu-budget.ts'
import { toAkvError } from '../../lib/errors/akv-error.ts'
import type { Composition } from '../../requests/secret/composition.ts'
import { missingFiles, type RoundValues, type SecretData } from '../plan/secret-data.ts'
import { secretValuesError } from '../plan/values-error.ts'
import { compose } from './compose.ts'

/**
 * Makes the keys of a Secret that is composed. Without all of its values there are no keys, so the Secret stays as it is.
 *
 * @param options - `budget`: limits the CPU time for templates
 */
export async function composedData(
  { name, composition }: { readonly name: string; readonly composition: Composition },
  { budget, ...round }: RoundValues & { readonly budget: CpuBudget },
): Promise<SecretData> {
  const keys = new Map()
  if (missingFiles(name, round).length > 0) return { keys, state: 'waiting' }
  try {
    const composed = await compose(composition, [...round.content.files.values()], budget)
    if (composed.kind === 'valid') return { keys: composed.value, state: 'whole' }
    const detail = `Secret ${name}: ${composed.problems.join('; ')}`
    return { keys, state: 'waiting', error: secretValuesError(name, detail) }
  } catch (thrown) {
    // A template can use up the CPU budget for one value and not for another.
    return { keys, state: 'waiting', error: secretValuesError(name, toAkvError(thrown).message) }
  }
}
