import { templateRenderer } from '../../../delivery/go-template/render.ts'
import { createCpuBudget } from '../../../lib/cpu-budget.ts'

class BudgetSpentError extends Error {}

/** The template language of ExternalSecrets, over a few values. */
export async function fuzz(data: Buffer): Promise<void> {
  const values = new Map([
    ['a', Buffer.from('text')],
    ['json', Buffer.from('{"a":{"b":[1,"2"]}}')],
    ['base64', Buffer.from('dGV4dA==')],
  ])
  const exhausted = () => new BudgetSpentError()
  const budget = createCpuBudget({ microseconds: 50_000, exhausted, giveWay: async () => {} })
  try {
    await templateRenderer(values, budget)(data.toString())
  } catch (error) {
    if (!(error instanceof BudgetSpentError)) throw error
  }
}
