import { parseDocument } from 'yaml'
import type { Parsed } from '../../keyvault/reference.ts'
import { printable } from '../../text/printable.ts'

/** How much YAML is read: a parser's time is what somebody may want to waste. */
export interface YamlBounds {
  readonly maxCharacters: number
  /** Of lines, brackets, quotes and commas, which a parser takes its time over. */
  readonly maxCostly: number
}

const costly = /[\n[\]{},"'&*!?]/g

/**
 * Reads YAML in which every scalar stays text: an unquoted 0644, or a version that is all digits, must not become a
 * number. Nothing written as nothing is null. No aliases.
 */
export function parsePlainYaml(
  text: string,
  { maxCharacters, maxCostly }: YamlBounds,
): Parsed<unknown> {
  if (text.length > maxCharacters)
    return { problem: `${text.length} characters are too many: ${maxCharacters} at most` }
  if ((text.match(costly)?.length ?? 0) > maxCostly)
    return { problem: `there are more than ${maxCostly} lines, brackets, quotes and commas` }
  try {
    const document = parseDocument(text, {
      schema: 'failsafe',
      customTags: ['null'],
      prettyErrors: false,
    })
    const [error] = document.errors
    if (error === undefined) return { value: document.toJS({ maxAliasCount: 0 }) }
    const line = text.slice(0, error.pos[0]).split('\n').length
    return { problem: `this is not the YAML of a list: line ${line}: ${printable(error.message)}` }
  } catch {
    return { problem: 'this is not the YAML of a list: it is nested too deep, or has aliases' }
  }
}
