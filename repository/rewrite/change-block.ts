import type { CollectionChange, CollectionEntry, Editing } from './entry.ts'
import { renderBlock } from './render-value.ts'
import { itemEnd, itemStart, itemsOf } from './token-places.ts'

/**
 * Changes items of a block collection. Each item begins on a line of its own, except for the first one after a `- `.
 */
export function changeBlock({ token, entries }: CollectionChange, editing: Editing): void {
  const { text, edits } = editing
  const [first] = itemsOf(token)
  const begin = first === undefined ? token.offset : itemStart(first)
  const column = begin - lineStart(text, begin)
  const isList = token.type === 'block-seq'
  const lines = ({ key, value }: Extract<CollectionEntry, { readonly value: unknown }>) =>
    renderBlock(isList ? [value] : { [key ?? '']: value }, editing.format)

  const removedTo = inlineRemoval(entries, { begin, editing })
  let insertAt: number | undefined
  for (const entry of entries) {
    if (entry.kind === 'added') {
      edits.push(
        insertAt === undefined
          ? {
              start: begin,
              end: begin,
              text: `${indented(lines(entry), column)}\n${blanks(column)}`,
            }
          : insertion(text, insertAt, `${blanks(column)}${indented(lines(entry), column)}`),
      )
      continue
    }
    const { start, end } = { start: itemStart(entry.item), end: itemEnd(entry.item) }
    insertAt = nextLine(text, end)
    if (entry.kind === 'kept') entry.descend()
    if (entry.kind === 'replaced') {
      const ending = text.charAt(end - 1) === '\n' ? '\n' : ''
      edits.push({ start, end, text: indented(lines(entry), column) + ending })
    }
    if (entry.kind === 'removed' && start >= removedTo)
      edits.push({
        start: withComments(text, start, { isFirst: start === begin }),
        end: insertAt,
        text: '',
      })
  }
}

/**
 * Removes the first items if they are on the same line as the `- ` around the collection. The first item that stays
 * moves up to that line.
 *
 * @returns where the removal ends
 */
function inlineRemoval(
  entries: readonly CollectionEntry[],
  { begin, editing: { text, edits } }: { readonly begin: number; readonly editing: Editing },
): number {
  const isInline = text.slice(lineStart(text, begin), begin).trim() !== ''
  const [first] = entries.filter((entry) => entry.kind !== 'added')
  if (!isInline || first?.kind !== 'removed') return begin
  const kept = entries.find((entry) => entry.kind === 'kept' || entry.kind === 'replaced')
  const end = kept === undefined ? begin : itemStart(kept.item)
  edits.push({ start: begin, end, text: '' })
  return end
}

/** The start of an item's line, or of the comment above it. A comment above the first item may be about all of them. */
function withComments(
  text: string,
  start: number,
  { isFirst }: { readonly isFirst: boolean },
): number {
  let from = lineStart(text, start)
  const indent = text.slice(from, start)
  while (!isFirst && from > 0) {
    const above = lineStart(text, from - 1)
    if (!text.startsWith(`${indent}#`, above)) break
    from = above
  }
  return from
}

/** If the text doesn't end with a line break, the new lines don't either. */
const insertion = (text: string, insertAt: number, lines: string) => ({
  start: insertAt,
  end: insertAt,
  text:
    insertAt === text.length && text.charAt(insertAt - 1) !== '\n' ? `\n${lines}` : `${lines}\n`,
})

/** A byte order mark isn't part of the first line. */
function lineStart(text: string, offset: number): number {
  const start = offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1
  return start === 0 && text.startsWith('\uFEFF') ? 1 : start
}

/** The start of the line after an item's end. The end of a block scalar is the start of a line already. */
function nextLine(text: string, end: number): number {
  if (text.charAt(end - 1) === '\n') return end
  const lineBreak = text.indexOf('\n', end)
  return lineBreak === -1 ? text.length : lineBreak + 1
}

/** Indents all lines except the first, which continues a line. */
const indented = (lines: readonly string[], column: number): string =>
  lines.map((line, index) => (index === 0 || line === '' ? line : blanks(column) + line)).join('\n')

const blanks = (count: number): string => ' '.repeat(count)
