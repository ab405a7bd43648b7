import {
  eachOf,
  type Field,
  type Read,
  refused,
  report,
  reportThat,
  reportValue,
  someOf,
  textAs,
} from '../../lib/problems/read.ts'
import { compileExpression, maxCount } from './compile-expression.ts'

/** More than any store should need. */
const maxItems = 100
/** For all expressions of a store together. Compiling them takes time and memory. */
const maxExpressions = 100
const maxExpressionCharacters = 2048

/**
 * Reads `spec.conditions` of a ClusterSecretStore: the namespaces that may use it. One condition that holds is enough. Without a
 * namespace, they are only checked.
 */
export const conditionsReader =
  ({
    kind,
    namespace,
  }: {
    readonly kind: string
    readonly namespace: string | undefined
  }): Read<never> =>
  (value, at) => {
    if (kind === 'SecretStore') return report(at, 'only a ClusterSecretStore has conditions')
    const before = at.problems.length
    const condition = someOf({
      namespaces: eachOf(
        textAs((name) => name === namespace),
        maxItems,
      ),
      namespaceRegexes: eachOf(textAs(expressionReader(namespace)), maxExpressions),
      namespaceSelector: refused(
        'the controller does not read namespaces; list them in namespaces',
      ),
    })
    const conditions = eachOf(condition, maxItems)(value, at) ?? []
    const isAllowed =
      (Array.isArray(value) && value.length === 0) ||
      conditions.some(({ namespaces = [], namespaceRegexes = [] }) =>
        [...namespaces, ...namespaceRegexes].includes(true),
      )
    if (namespace !== undefined && !isAllowed && at.problems.length === before)
      reportThat(at, `does not name namespace ${namespace}; add it to namespaces`)
    return undefined
  }

/** Reads the expressions of one store: whether each of them matches. */
function expressionReader(name = '') {
  const found = { expressions: 0, characters: 0 }
  return (pattern: string, at: Field): boolean | undefined => {
    found.expressions++
    found.characters += pattern.length
    if (found.expressions > maxExpressions || found.characters > maxExpressionCharacters)
      return report(
        at,
        `a store may have ${maxExpressions} expressions with ${maxExpressionCharacters} characters together; use a shorter one`,
      )
    return (
      // Anywhere in the name, as Go does.
      compileExpression(pattern)?.matcher(name).find() ??
      reportValue(
        at,
        pattern,
        `expected a regular expression of Go without counts above ${maxCount}`,
      )
    )
  }
}
