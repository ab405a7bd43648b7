import type { SecretPattern } from '../../../delivery/contract.ts'
import type { ListedSecret } from '../../../keyvault/clients/object-client.ts'
import { matchPattern } from '../../../keyvault/finds/match-pattern.ts'
import type { CpuBudget } from '../../../lib/cpu-budget.ts'
import { compileExpression } from '../../../requests/external-secret/compile-expression.ts'
import type { SecretFind } from '../../../requests/secret/secret-find.ts'

/** Microseconds to compile each character of an expression, to look at a secret, and for a character and a step of a search. */
const compileCost = 50
const secretCost = 1
const stepCost = 0.12

/**
 * Prepares to search.
 *
 * @param budget - is charged for the work. Expressions run in linear time
 * @returns whether a listed secret is found
 */
export function matchCriteria(
  criteria: SecretFind['criteria'],
  budget: CpuBudget,
): (secret: ListedSecret) => Promise<boolean> {
  if ('pattern' in criteria) return matchingPattern(criteria, budget)
  const { expression, tags } = criteria
  budget.charge(((expression?.length ?? 0) + 1) * compileCost)
  const compiled = expression === undefined ? undefined : compileExpression(expression)
  const steps = compiled?.programSize() ?? 0
  const wanted = Object.entries(tags)
  return async ({ name, isEnabled, tags: found }) => {
    budget.charge(secretCost + name.length * steps * stepCost)
    await budget.yieldIfDue()
    return (
      isEnabled &&
      wanted.every(([tag, value]) => found.get(tag) === value) &&
      // Anywhere in the name, as Go does.
      (compiled === undefined || compiled.matcher(name).find())
    )
  }
}

function matchingPattern(
  pattern: SecretPattern,
  budget: CpuBudget,
): (secret: ListedSecret) => Promise<boolean> {
  const matches = matchPattern(pattern)
  return async (secret) => {
    budget.charge(secretCost + secret.name.length * stepCost)
    await budget.yieldIfDue()
    return matches(secret)
  }
}
