import { Document } from 'yaml'
import { yamlOptions } from '../input/document/compose-documents.ts'
import type { Style } from './document-style.ts'

/** How a document writes its values. */
export interface Format {
  readonly style: Style
  /** The indentation of a JSON document, empty if it's on one line. Absent: the document is YAML. */
  readonly jsonIndent?: string
}

/** Writes a value as the text of a whole document. */
export const renderDocument = (value: unknown, { style, jsonIndent }: Format): string =>
  `${jsonIndent === undefined ? render(value, style) : JSON.stringify(value, null, jsonIndent)}\n`

/** Writes a value as lines of block YAML. */
export const renderBlock = (value: unknown, { style }: Format): readonly string[] =>
  render(value, style).split('\n')

/**
 * Writes a value for a flow collection or for JSON.
 *
 * @param key - if the value is a member of a mapping
 * @param isOnOneLine - whether JSON has to be on one line; YAML always is
 */
export function renderFlow(
  { key, value }: { readonly key?: string | undefined; readonly value: unknown },
  { format, isOnOneLine }: { readonly format: Format; readonly isOnOneLine: boolean },
): string {
  const { jsonIndent } = format
  if (jsonIndent !== undefined) {
    const text = JSON.stringify(value, null, isOnOneLine ? '' : jsonIndent)
    if (key === undefined) return text
    return `${JSON.stringify(key)}:${jsonIndent === '' ? '' : ' '}${text}`
  }
  if (key === undefined) return render(value, { ...format.style, ...flow })
  const mapping = render({ [key]: value }, { ...format.style, ...flow })
  return mapping.slice(1, -1).trim()
}

const flow = {
  collectionStyle: 'flow',
  blockQuote: false,
  doubleQuotedMinMultiLineLength: Number.POSITIVE_INFINITY,
} as const

function render(value: unknown, style: Parameters<Document['toString']>[0]): string {
  const document = new Document(value, { ...yamlOptions, aliasDuplicateObjects: false })
  return document.toString({ ...style, lineWidth: 0, directives: false }).replace(/\n$/, '')
}
