/** The text of `template.FILE`: substitution and nothing else. Pure: the webhook and a browser page can use it. */

import type { Parsed } from '../reference.ts'

/** Where a reference's `${` stands: both from 1, the column in characters. */
interface Position {
  readonly line: number
  readonly column: number
}

export interface TemplateReference extends Position {
  readonly kind: 'reference'
  /** What stands between `${` and `}`, for the caller's parser. */
  readonly reference: string
}

export type Segment = { readonly kind: 'text'; readonly text: string } | TemplateReference

/**
 * Cuts a template into text and references. `${reference}` stands for a value, `$${` for a literal `${`; any other `$`
 * is text. A reference ends on its line, so that a `}` further down can't close it. All problems are in one answer.
 */
export function parseTemplate(template: string): Parsed<readonly Segment[]> {
  const lines = template.split(/(?<=\n)/).map((text, index) => parseLine(text, index + 1))
  const problems = lines.flatMap(({ problem }) => problem ?? [])
  return problems.length > 0
    ? { problem: `${problems.join('; ')}. Write "$\${" for a literal "\${"` }
    : { value: lines.flatMap(({ segments }) => segments) }
}

interface ParsedLine {
  readonly segments: readonly Segment[]
  readonly problem?: string
}

function parseLine(text: string, line: number): ParsedLine {
  const segments: Segment[] = []
  let end = 0
  let column = 1
  const addText = (upTo: number) => {
    if (upTo > end) segments.push({ kind: 'text', text: text.slice(end, upTo) })
  }
  for (let open = text.indexOf('${'); open >= 0; open = text.indexOf('${', end)) {
    column += lengthInCharacters(text.slice(end, open))
    const isLiteral = open > end && text[open - 1] === '$'
    const close = isLiteral ? open + 1 : text.indexOf('}', open)
    // Nothing after it on this line can be closed either: to look would take time squared.
    if (close < 0) return { segments, problem: unclosed({ line, column }) }
    addText(isLiteral ? open - 1 : open)
    const inside = text.slice(open + 2, close)
    segments.push(
      isLiteral
        ? { kind: 'text', text: '${' }
        : { kind: 'reference', reference: inside, line, column },
    )
    column += lengthInCharacters(text.slice(open, close + 1))
    end = close + 1
  }
  addText(text.length)
  return { segments }
}

const unclosed = (position: Position): string =>
  `${describePosition(position)}: "\${" is not closed by "}" on its line`

/** `line 3, column 7`: where a segment stands, or a problem that the caller found in it. */
export const describePosition = ({ line, column }: Position): string =>
  `line ${line}, column ${column}`

const lengthInCharacters = (text: string): number => [...text].length

/**
 * The template's bytes with the values in place. Values are bytes, as they need not be UTF-8.
 *
 * @param bytesOf - the value of a reference as the template has it
 */
export function fillTemplate(
  segments: readonly Segment[],
  bytesOf: (reference: string) => Uint8Array,
): Uint8Array {
  const encoder = new TextEncoder()
  const pieces = segments.map((segment) =>
    segment.kind === 'text' ? encoder.encode(segment.text) : bytesOf(segment.reference),
  )
  const filled = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let offset = 0
  for (const piece of pieces) {
    filled.set(piece, offset)
    offset += piece.length
  }
  return filled
}
