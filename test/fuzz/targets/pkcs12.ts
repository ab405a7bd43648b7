import { readPfx } from '../../../keyvault/formats/pkcs12/pfx.ts'
import { createCpuBudget } from '../../../lib/cpu-budget.ts'
import { assertParsed } from '../harness/hostile.ts'

class BudgetSpentError extends Error {}

/** A certificate with its key, as Key Vault stores it. */
export async function fuzz(data: Buffer): Promise<void> {
  const exhausted = () => new BudgetSpentError()
  const budget = createCpuBudget({ microseconds: 20_000, exhausted, giveWay: async () => {} })
  try {
    assertParsed(await readPfx(data, budget))
  } catch (error) {
    if (!(error instanceof BudgetSpentError)) throw error
  }
}
