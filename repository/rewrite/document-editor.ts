import { isDeepStrictEqual } from 'node:util'
import { composeDocuments, yamlOptions } from '../input/document/compose-documents.ts'
import { type Manifest, treeOf, treeWithTokens, writtenTree } from '../input/document/manifest.ts'
import { documentStyle } from './document-style.ts'
import { applyEdits, editText } from './edit-text.ts'
import { type Format, renderDocument } from './render-value.ts'

interface ChangedDocument {
  readonly manifest: Manifest
  /** The wanted value of the document. */
  readonly value: unknown
  /** The text before the document, which may have directives for it. */
  readonly between: string
}

/**
 * Writes changed documents of a file by editing the source text where the value differs. A document that can't be
 * edited, for example because a mapping with a merge key changes, is written anew, without its comments.
 *
 * @param text - the file
 * @returns a function that gives the text in place of a document's span
 */
export function documentEditor(text: string): (changed: ChangedDocument) => string {
  return ({ manifest, value, between }) => {
    const { start, end } = manifest.span
    const source = text.slice(start, end)
    const format = formatOf(manifest, { text, source })
    const withLineBreaks = (written: string) =>
      source.includes('\r\n') ? written.replaceAll(/\r?\n/g, '\r\n') : written

    const before: unknown = writtenTree(manifest).toJS()
    const edits = editText(treeWithTokens(manifest), { before, after: value }, { text, format })
    if (edits?.every((edit) => edit.start >= start && edit.end <= end)) {
      const moved = edits.map((edit) => ({
        start: edit.start - start,
        end: edit.end - start,
        text: withLineBreaks(edit.text),
      }))
      const edited = applyEdits(source, moved)
      if (hasValue(between + edited, value)) return edited
    }
    // The text before the document may end with `---`, and the document may continue on that line.
    const isAtLineStart = start === 0 || '\n\uFEFF'.includes(text.charAt(start - 1))
    return withLineBreaks((isAtLineStart ? '' : '\n') + renderDocument(value, format))
  }
}

/** Whether the last document of a text has this value. */
function hasValue(text: string, value: unknown): boolean {
  const documents = [...composeDocuments(text, yamlOptions)]
  if (documents.some(({ errors }) => errors.length > 0)) return false
  const last = documents.findLast(({ contents }) => contents !== null)
  return isDeepStrictEqual(last?.toJS(), value)
}

function formatOf(
  manifest: Manifest,
  { text, source }: { readonly text: string; readonly source: string },
): Format {
  const style = documentStyle(treeOf(manifest), text)
  return isJson(source) ? { style, jsonIndent: jsonIndentOf(source) } : { style }
}

function isJson(source: string): boolean {
  try {
    JSON.parse(source)
    return true
  } catch {
    return false
  }
}

/** The indentation of the first line after the opening brace. Empty if everything is on one line. */
function jsonIndentOf(source: string): string {
  if (!source.trim().includes('\n')) return ''
  return /^\s*[[{]\s*?\n([ \t]+)/.exec(source)?.[1] ?? '  '
}
