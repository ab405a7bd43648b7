import type { Document } from 'yaml'
import type { Manifest } from '../input/read-manifests.ts'
import { documentStyle, type Style } from './document-style.ts'

/** A document to write in place of the one that the manifest was read from. */
export interface Replacement {
  readonly manifest: Manifest
  /** Undefined: nothing is written in its place. */
  readonly document: Document | undefined
}

/**
 * A manifest file with some of its documents replaced. Everything else stays byte for byte: other documents, the
 * comments and directives between documents, and the `---` lines.
 *
 * @param replacements - in the order of the file
 */
export function rewriteFile(text: string, replacements: readonly Replacement[]): string {
  let result = ''
  let copiedTo = 0
  for (const replacement of replacements) {
    const { manifest, document } = replacement
    const { start, end } = manifest.span
    const between = text.slice(copiedTo, start)
    result +=
      document === undefined
        ? withoutMarker(between, text.slice(end, end + 3))
        : between + rendered(manifest, document, text)
    copiedTo = end
  }
  return result + text.slice(copiedTo)
}

/** Files as one stream of documents, with a separator if two documents would otherwise become one. */
export function joinFiles(files: readonly string[]): string {
  return files.reduce((before, file) => {
    if (before === '') return file
    const ended = before.endsWith('\n') ? before : `${before}\n`
    const content = file.replace(/^\uFEFF/, '')
    const marker = content.search(/^---(?:\s|$)/m)
    const head = marker === -1 ? [''] : content.slice(0, marker).split('\n').slice(0, -1)
    // A directive is only valid at the beginning of a stream, or after `...` (YAML 1.2, 9.2).
    if (head.some((line) => line.startsWith('%'))) return `${ended}...\n${content}`
    return head.every((line) => line.startsWith('#')) ? ended + content : `${ended}---\n${content}`
  }, '')
}

/** The text before a document that is dropped, without its `---`, unless a directive or a `...` needs that. */
function withoutMarker(before: string, after: string): string {
  if (!before.endsWith('---')) return before
  return after === '...' || /^%/m.test(before) ? `${before}\n` : before.slice(0, -3)
}

function rendered(manifest: Manifest, document: Document, text: string): string {
  const { start, end } = manifest.span
  const source = text.slice(start, end)
  const content = isJson(source)
    ? `${JSON.stringify(document.toJS(), null, jsonIndent(source))}\n`
    : renderedYaml(document, documentStyle(manifest.document, text))
  // The text before the document may end with `---`, and the document may continue on that line.
  const isAtLineStart = start === 0 || '\n\uFEFF'.includes(text.charAt(start - 1))
  const lines = isAtLineStart ? content : `\n${content}`
  return source.includes('\r\n') ? lines.replaceAll('\n', '\r\n') : lines
}

/** The document alone: its directives, `---`, `...` and the comment after it are copied from the source. */
function renderedYaml(document: Document, style: Style): string {
  document.comment = null
  if (document.directives) document.directives.docEnd = false
  return document.toString({ ...style, lineWidth: 0, directives: false })
}

function isJson(source: string): boolean {
  try {
    JSON.parse(source)
    return true
  } catch {
    return false
  }
}

/** The indentation of the first line after the opening brace; two spaces if everything is on one line. */
const jsonIndent = (source: string): string => /^\s*[[{]\s*?\n([ \t]+)/.exec(source)?.[1] ?? '  '
