import type { CpuBudget } from '../../../lib/cpu-budget.ts'
import { invalid, type Parsed } from '../../../lib/problems/parsed.ts'
import type { Rewrite } from '../../../requests/secret/composition.ts'
import { maxProperties } from '../../../requests/secret/secret-bounds.ts'
import { mergeEntries } from './merge-entries.ts'
import type { NamedValue } from './named-value.ts'
import { replaceInNames } from './replace-in-names.ts'
import { transformNames } from './transform-names.ts'

/** The API server accepts no larger Secret. */
const maxBytes = 1024 * 1024

/**
 * Applies the operations of a `rewrite` one after the other, each to what the one before it gives.
 *
 * The operator keeps names and values in a map without an order. Where two names become one, chance decides which value
 * is kept there, so this is an error here. Only the empty name may appear several times, because it is left out at the end.
 *
 * @returns the problem begins with the number of the operation, and never contains a name or a value
 */
export async function rewriteEntries(
  entries: readonly NamedValue[],
  operations: readonly Rewrite[],
  budget: CpuBudget,
): Promise<Parsed<readonly NamedValue[]>> {
  let current: Parsed<readonly NamedValue[]> = { kind: 'valid', value: entries }
  for (const [index, operation] of operations.entries()) {
    current = await apply(operation, current.value, budget)
    const problem = current.kind === 'invalid' ? current.problem : problemIn(current.value)
    if (current.kind === 'invalid' || problem !== undefined)
      return invalid(`rewrite[${index}]: ${problem}`)
  }
  return current
}

async function apply(
  operation: Rewrite,
  entries: readonly NamedValue[],
  budget: CpuBudget,
): Promise<Parsed<readonly NamedValue[]>> {
  switch (operation.kind) {
    case 'regexp':
      return await replaceInNames(entries, operation, budget)
    case 'transform':
      return await transformNames(entries, operation.template, budget)
    case 'merge':
      return await mergeEntries(entries, operation, budget)
    default:
      return operation satisfies never
  }
}

function problemIn(entries: readonly NamedValue[]): string | undefined {
  const names = new Set<string>()
  let size = 0
  for (const [index, { name, bytes }] of entries.entries()) {
    if (name !== '' && names.has(name)) return `number ${index + 1} gets the name of another one`
    names.add(name)
    size += name.length + bytes.length
  }
  if (entries.length > maxProperties) return `it gives more than ${maxProperties} keys`
  return size > maxBytes ? `it gives more than ${maxBytes} bytes` : undefined
}
