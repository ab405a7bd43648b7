import type { CollectionChange, CollectionEntry, Editing } from './entry.ts'
import { renderFlow } from './render-value.ts'
import { type CollectionToken, itemEnd, itemStart, itemsOf } from './token-places.ts'

/** Changes items of a flow collection, such as `{ a: 1 }` or JSON. */
export function changeFlow({ token, entries }: CollectionChange, editing: Editing): void {
  const { edits } = editing
  const items = itemsOf(token)
  const separator = separatorOf(token, editing)
  const rendered = (entry: Extract<CollectionEntry, { readonly value: unknown }>) => {
    const written = renderFlow(entry, {
      format: editing.format,
      isOnOneLine: !separator.includes('\n'),
    })
    return written.replaceAll('\n', `\n${separator.slice(separator.lastIndexOf('\n') + 1)}`)
  }
  const begin = items[0] === undefined ? token.offset : itemStart(items[0])
  const kept = entries.find((entry) => entry.kind === 'kept' || entry.kind === 'replaced')
  const firstStay = kept === undefined ? begin : itemStart(kept.item)
  if (firstStay > begin) edits.push({ start: begin, end: firstStay, text: '' })

  let insertAt: number | undefined
  let earlierEnd = begin
  for (const entry of entries) {
    if (entry.kind === 'added') {
      edits.push(
        insertAt === undefined
          ? { start: begin, end: begin, text: rendered(entry) + separator }
          : { start: insertAt, end: insertAt, text: separator + rendered(entry) },
      )
      continue
    }
    const { start, end } = { start: itemStart(entry.item), end: itemEnd(entry.item) }
    // The comma before the item is removed, too.
    if (entry.kind === 'removed' && start > firstStay)
      edits.push({ start: earlierEnd, end, text: '' })
    if (entry.kind === 'kept') entry.descend()
    if (entry.kind === 'replaced') edits.push({ start, end, text: rendered(entry) })
    if (entry.kind !== 'removed') insertAt = end
    earlierEnd = end
  }
}

/** Returns the text that the author has between two items, or a guess from the blanks before the only item. */
function separatorOf(token: CollectionToken, { text, format }: Editing): string {
  const [first, second] = itemsOf(token)
  if (first === undefined) return ', '
  const between = second && text.slice(itemEnd(first), itemStart(second))
  if (between !== undefined && /^,\s*$/.test(between)) return between
  const before = text.slice(token.offset + 1, itemStart(first))
  const lineBreak = before.lastIndexOf('\n')
  if (lineBreak !== -1 && before.slice(lineBreak).trim() === '')
    return `,${before.slice(lineBreak)}`
  return format.jsonIndent === '' ? ',' : ', '
}
