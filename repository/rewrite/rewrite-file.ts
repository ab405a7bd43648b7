import type { Manifest } from '../input/document/manifest.ts'
import { documentEditor } from './document-editor.ts'

/** What to write instead of a document. */
export type Replacement =
  | { readonly kind: 'changed'; readonly manifest: Manifest; readonly value: unknown }
  | { readonly kind: 'dropped'; readonly manifest: Manifest }

/**
 * Replaces some documents of a manifest file. Everything else stays the same, byte for byte: other documents, the
 * comments and directives between documents, the `---` lines, and everything in changed documents that is equal.
 *
 * @param replacements - in the order of the file
 */
export function rewriteFile(text: string, replacements: readonly Replacement[]): string {
  const edited = documentEditor(text)
  const parts: string[] = []
  let copiedTo = 0
  for (const replacement of replacements) {
    const { start, end } = replacement.manifest.span
    const between = text.slice(copiedTo, start)
    if (replacement.kind === 'dropped') parts.push(withoutMarker(between, text.slice(end, end + 3)))
    else parts.push(between, edited({ ...replacement, between }))
    copiedTo = end
  }
  return [...parts, text.slice(copiedTo)].join('')
}

/** Joins files to one stream of documents, with a separator if two documents would otherwise become one. */
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

/** Returns the text before a dropped document without its `---`, unless a directive or a `...` needs that. */
function withoutMarker(before: string, after: string): string {
  if (!before.endsWith('---')) return before
  return after === '...' || /^%/m.test(before) ? `${before}\n` : before.slice(0, -3)
}
