import type { Document, Scalar } from 'yaml'
import { withGaps } from '../placeholders/chart-gaps.ts'
import type { Placeholders } from '../placeholders/placeholders.ts'
import { shapeIn } from '../placeholders/shape-in.ts'
import type { FilePosition } from '../text/file-error.ts'
import { composeDocuments, yamlOptions } from './compose-documents.ts'
import { findFields } from './find-fields.ts'

/** A document's file, and the replacements for the placeholders in the document. */
interface Filling {
  readonly placeholders: Placeholders
  readonly text: string
  readonly positionAt: (offset: number) => FilePosition
  /** False if the document was read before, so that each use is counted once. */
  readonly isFirst: boolean
}

/** Replaces placeholders in the values of a document that the commands read (see {@link findFields}). */
export function fillDocument(document: Document, filling: Filling): void {
  const { placeholders, text, positionAt, isFirst } = filling
  for (const { scalar, key, parent, matters } of findFields(document, text)) {
    const comment = placeholderComment(scalar)
    const value = comment ?? scalar.value
    const { chart } = placeholders
    const written = chart === undefined ? value : withGaps(value, { key, parent, chart })
    if (typeof written !== 'string') continue
    const use = {
      position: () => positionAt(scalar.range?.[0] ?? 0),
      counts: isFirst && matters !== false,
      isOurs: matters === 'ours',
      isComment: comment !== undefined,
      ...(written !== value && chart !== undefined && { chart: chart.name }),
    }
    const filled = placeholders.fill(written, use, (span) => shapeIn(written, { key, ...span }))
    if (filled === undefined || filled.text === written) continue
    scalar.value = filled.isFinal && scalar.type === 'PLAIN' ? plainValue(filled.text) : filled.text
    scalar.source = filled.text
  }
}

/** Returns an unquoted value together with the comment after it, if the comment is a placeholder: `#{X}#`. */
function placeholderComment({ value, comment, type }: Scalar): string | undefined {
  if (type !== 'PLAIN' || !comment || !/^\{[^{}]{1,70}\}#?$/.test(comment)) return undefined
  return value === null ? `#${comment}` : `${String(value)} #${comment}`
}

/** Parses a text as YAML parses an unquoted value. */
function plainValue(text: string): unknown {
  const [document] = composeDocuments(text, yamlOptions)
  const value = document?.errors.length === 0 ? document.toJS() : text
  return typeof value === 'object' && value !== null ? text : value
}
