import { isMap, isScalar, isSeq, parseDocument } from 'yaml'
import { printable } from '../../../lib/printable.ts'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'

/** Bounds on the YAML that is parsed, because an attacker may want to waste the parser's time. */
export interface YamlBounds {
  readonly maxCharacters: number
  /** The most characters that structure YAML. The parser's time grows with these, and fastest with mistakes. */
  readonly maxCostly: number
}

const costly = /[\n\r[\]{},"'&*!?#|>%]|[-:](?=\s)/g

/** Counts the characters that structure YAML. */
export const countCostly = (text: string): number => text.match(costly)?.length ?? 0

/**
 * Reads YAML in which every scalar stays a string: an unquoted 0644, or a version that is all digits, must not become a
 * number. An empty scalar reads as null. Aliases, and keys that aren't strings, are refused.
 */
export function parsePlainYaml(
  text: string,
  { maxCharacters, maxCostly }: YamlBounds,
): Parsed<unknown> {
  if (text.length > maxCharacters)
    return invalid(`found ${text.length} characters; accepted: at most ${maxCharacters}`)
  if (countCostly(text) > maxCostly)
    return invalid(`there are more than ${maxCostly} lines, brackets, quotes, commas and colons`)
  try {
    const document = parseDocument(text, {
      schema: 'failsafe',
      customTags: ['null'],
      // Tags such as !!binary and !!timestamp would turn the string into another type.
      resolveKnownTags: false,
      prettyErrors: false,
    })
    const [error] = document.errors
    if (error === undefined) return valid(plainValue(document.contents, 0))
    // The parser reports its own stack overflow as a mistake in the text.
    if (error.message.includes('call stack')) return invalid(notPlain)
    const line = text.slice(0, error.pos[0]).split('\n').length
    return invalid(`this isn't valid YAML: line ${line}: ${printable(error.message)}`)
  } catch {
    return invalid(notPlain)
  }
}

const notPlain =
  "this isn't plain YAML: it is nested too deeply, or has aliases or keys that aren't strings"

/** The deepest list that we accept has a depth of 6. */
const maxDepth = 8

/**
 * Converts a node to plain JSON data. The library's own conversion writes a mapping that is a key as YAML again, and takes seconds
 * over a few hundred nested ones.
 *
 * @throws Error when the node is nested too deep, or holds anything but mappings, lists and scalars
 */
function plainValue(node: unknown, depth: number): unknown {
  if (node === null) return null
  if (isScalar(node)) return node.value
  if (depth === maxDepth) throw new Error(notPlain)
  if (isSeq(node)) return node.items.map((item) => plainValue(item, depth + 1))
  if (!isMap(node)) throw new Error(notPlain)
  return Object.fromEntries(
    node.items.map(({ key, value }) => [plainKey(key), plainValue(value, depth + 1)]),
  )
}

function plainKey(key: unknown): string {
  if (isScalar(key)) return typeof key.value === 'string' ? key.value : ''
  throw new Error(notPlain)
}
