import { RE2JS } from 're2js'
import {
  claim,
  type Place,
  type ReadMember,
  readItems,
  readMembers,
  refused,
  report,
  text,
  wrong,
} from './members.ts'

/** More than any store should need. */
const maxItems = 100
/** For all expressions of a store together. Compiling them takes time and memory. */
const maxExpressions = 100
const maxExpressionCharacters = 2048
/** No name of a namespace is longer, so a higher count has no use. */
const maxCount = 63

/** Reads `spec.conditions` of a ClusterSecretStore: the namespaces that may use it. One condition that holds is enough. */
export const conditionsReader =
  ({ kind, namespace }: { readonly kind: string; readonly namespace: string }): ReadMember =>
  (value, place) => {
    if (kind === 'SecretStore')
      return void report(place, 'only a ClusterSecretStore has conditions')
    const before = place.problems.length
    let isAllowed = Array.isArray(value) && value.length === 0
    const expressions = expressionReader(namespace, () => {
      isAllowed = true
    })
    readItems(value, place, {
      most: maxItems,
      read: (condition, at) =>
        readMembers(condition, at, {
          namespaces: (names, inside) =>
            readItems(names, inside, {
              most: maxItems,
              read: text((name) => {
                isAllowed ||= name === namespace
              }),
            }),
          namespaceRegexes: (patterns, inside) =>
            readItems(patterns, inside, { most: maxExpressions, read: text(expressions) }),
          namespaceSelector: refused(
            'the controller does not read namespaces; list them in namespaces',
          ),
        }),
    })
    if (!isAllowed && place.problems.length === before)
      claim(place, `does not name namespace ${namespace}; add it to namespaces`)
  }

/** Reads the expressions of one store, and calls back for each that matches. */
function expressionReader(name: string, onMatch: () => void) {
  const found = { expressions: 0, characters: 0 }
  return (pattern: string, place: Place): void => {
    found.expressions++
    found.characters += pattern.length
    if (found.expressions > maxExpressions || found.characters > maxExpressionCharacters)
      return void report(
        place,
        `a store may have ${maxExpressions} expressions with ${maxExpressionCharacters} characters together; use a shorter one`,
      )
    const matches = matchExpression(pattern, name)
    if (matches === undefined)
      wrong(place, pattern, `expected a regular expression of Go without counts above ${maxCount}`)
    else if (matches) onMatch()
  }
}

/** Matches anywhere in the name, as Go does, in linear time. Undefined if the expression isn't valid. */
function matchExpression(pattern: string, name: string): boolean | undefined {
  const counts = [...pattern.matchAll(/\{(\d*),?(\d*)\}/g)].flatMap(([, ...both]) => both)
  if (counts.some((count) => Number(count) > maxCount)) return undefined
  try {
    return RE2JS.compile(pattern).matcher(name).find()
  } catch {
    return undefined
  }
}
