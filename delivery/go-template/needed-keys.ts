import { toText } from './model/byte-string.ts'
import type { Expression } from './model/template.ts'
import type { Template } from './parse/parse.ts'

/** The keys that a template reads whatever their values are, so that it fails if one of them isn't there. */
export function neededKeys(template: Template): ReadonlySet<string> {
  const keys = new Set<string>()
  for (const node of template)
    if (node.kind !== 'text') addKeys(node.kind === 'if' ? node.condition : node.value, keys)
  return keys
}

function addKeys(expression: Expression, keys: Set<string>): void {
  if (expression.kind === 'field') {
    if (expression.of.kind === 'data') keys.add(toText(expression.name))
    else addKeys(expression.of, keys)
  }
  if (expression.kind !== 'call') return
  const { name, args, piped } = expression
  if (piped) addKeys(piped, keys)
  // The first argument of these may decide the result.
  const evaluated = name === 'and' || name === 'or' ? args.slice(0, 1) : args
  for (const arg of evaluated) addKeys(arg, keys)
}
