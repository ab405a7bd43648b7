import type { WantedValue } from '../../../delivery/contract.ts'
import { isText, parseReference } from '../../../keyvault/reference.ts'
import { printable } from '../../../lib/printable.ts'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import { howToSetDefault } from '../../administrator/choose-vaults.ts'
import { cutOptional } from './parse-object-list.ts'
import { toWantedValue } from './to-wanted.ts'

/** Literal text and values, in their order. */
type Segments = readonly (string | WantedValue)[]

/**
 * Reads the text of `template.FILE`: `${reference}` stands for a value, and `$${` for a literal `${`. Any other `$` is
 * literal text. A reference ends on its line, so that a `}` further down can't close it.
 *
 * @returns the segments, and a sentence with line and column for each reference that isn't valid
 */
export function parseTemplate(
  template: string,
  defaultVault?: string,
): { readonly segments: Segments; readonly problems: readonly string[] } {
  const segments: (string | WantedValue)[] = []
  const problems: string[] = []
  let end = 0
  for (const { 0: found, index } of template.matchAll(opening)) {
    if (index < end) continue
    segments.push(template.slice(end, index))
    end = index + found.length
    if (found === literal) {
      segments.push('${')
      continue
    }
    const [inside = ''] = restOfReference(template, end)
    end += inside.length + 1
    const isClosed = template[end - 1] === '}'
    const parsed = isClosed ? parseSegment(inside, defaultVault) : unclosed
    if (parsed.kind === 'valid') segments.push(parsed.value)
    else
      problems.push(
        `${position(template, index)}: "\${${printable(inside)}${isClosed ? '}' : ''}" ${parsed.problem}`,
      )
    if (problems.length === maxTemplateProblems) break
  }
  segments.push(template.slice(end))
  return { segments: segments.filter((segment) => segment !== ''), problems }
}

const literal = '$${'
const opening = /\$\$\{|\$\{/g
const unclosed = invalid('is not closed by "}" on its line; write "$${" for a literal "${"')
/** Counting the lines before each problem takes time. */
const maxTemplateProblems = 20

/** An upper bound of the references and literals in a template, found without parsing it. */
export const countOpenings = (template: string): number => template.match(opening)?.length ?? 0

function restOfReference(template: string, from: number): readonly string[] {
  const rest = /[^}\n]*/y
  rest.lastIndex = from
  return rest.exec(template) ?? []
}

function parseSegment(text: string, defaultVault?: string): Parsed<WantedValue> {
  const { required, optional } = cutOptional(text)
  const parsed = parseReference(required, { defaultVault, howToSetDefault })
  if (parsed.kind === 'invalid') return invalid(`isn't a valid reference: ${parsed.problem}`)
  if (!isText(parsed.value))
    return invalid('gives files, not text; "tls/", "pfx/" and "#*" cannot be used in a template')
  return valid(toWantedValue({ reference: parsed.value, optional }))
}

/** Line and column count from 1, the column in characters. */
function position(template: string, index: number): string {
  const lines = template.slice(0, index).split('\n')
  return `line ${lines.length}, column ${[...(lines.at(-1) ?? '')].length + 1}`
}
