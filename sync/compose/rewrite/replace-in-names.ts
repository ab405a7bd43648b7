import type { CpuBudget } from '../../../lib/cpu-budget.ts'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import { compileExpression } from '../../../requests/external-secret/compile-expression.ts'
import type { Rewrite } from '../../../requests/secret/composition.ts'
import type { NamedValue } from './named-value.ts'
import { parseReplacement } from './parse-replacement.ts'

/** Longer than any key, with room for what a later operation removes. */
const maxNameCharacters = 1024

/** Microseconds to compile each character of an expression, and to start a search. */
const compileCost = 50
const searchCost = 3
/**
 * Microseconds for a character and a step of the expression. A search takes up to their product. Most take a tenth of this, but not
 * those for groups in names of several hundred characters.
 */
const stepCost = 0.12

type Expression = NonNullable<ReturnType<typeof compileExpression>>

/** Replaces each match of an expression in the names, as `regexp.ReplaceAllString` of Go does. */
export async function replaceInNames(
  entries: readonly NamedValue[],
  { source, target }: Extract<Rewrite, { kind: 'regexp' }>,
  budget: CpuBudget,
): Promise<Parsed<readonly NamedValue[]>> {
  budget.charge((source.length + 1) * compileCost)
  await budget.yieldIfDue()
  const expression = compileExpression(source)
  if (expression === undefined) return invalid('the expression is not valid')
  const replace = replacer(expression, target, budget)
  const renamed: NamedValue[] = []
  for (const [index, { name, bytes }] of entries.entries()) {
    const number = `number ${index + 1}`
    if (name.length > maxNameCharacters)
      return invalid(`${number} has a name of more than ${maxNameCharacters} characters`)
    const replaced = await replace(name)
    if (replaced === undefined)
      return invalid(`${number} gets a name of more than ${maxNameCharacters} characters`)
    renamed.push({ name: replaced, bytes })
  }
  return valid(renamed)
}

/** Returns a function that replaces in one name. It returns undefined if the result is too long. */
function replacer(expression: Expression, target: string, budget: CpuBudget) {
  const parts = parseReplacement(target, expression.namedGroups())
  const groups = expression.groupCount()
  const steps = expression.programSize()
  return async (name: string): Promise<string | undefined> => {
    const matcher = expression.matcher(name)
    let replaced = ''
    let end = 0
    for (;;) {
      budget.charge(searchCost + (name.length - end) * steps * stepCost)
      await budget.yieldIfDue()
      if (!matcher.find()) break
      const start = matcher.start()
      replaced += name.slice(end, start)
      // An empty match right after another match isn't replaced.
      if (matcher.end() > end || start === 0)
        for (const part of parts) {
          replaced += typeof part === 'string' ? part : groupText(part, { matcher, groups })
          if (replaced.length > maxNameCharacters) return undefined
        }
      end = matcher.end()
    }
    replaced += name.slice(end)
    return replaced.length > maxNameCharacters ? undefined : replaced
  }
}

/** A group that doesn't exist, or that has no part in the match, is empty. */
const groupText = (
  group: number,
  { matcher, groups }: { matcher: ReturnType<Expression['matcher']>; groups: number },
): string => (group > groups ? '' : (matcher.group(group) ?? ''))
