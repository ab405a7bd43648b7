import { type CST, type Document, isSeq } from 'yaml'
import type { Progress } from './compose-documents.ts'

/** A piece of a file, in UTF-16 units. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** An item of a List. `before`, the item and `after` together make a document: a list with one item. */
export interface ListItem {
  readonly span: Span
  readonly before: string
  readonly after: string
}

/** Bounds the size of a document while it is parsed. */
interface DocumentBound {
  /** The callback for `composeDocuments`. */
  readonly onToken: (progress: Progress) => void
  /** Returns the items of a document whose items were cut out. Undefined for all other documents. */
  readonly itemsOf: (document: Document.Parsed) => Iterable<ListItem> | undefined
}

type ListToken = CST.BlockSequence | CST.FlowCollection

/** The `items` of a List that the parser is reading or has read. */
interface OpenList {
  readonly list: ListToken
  /** The offsets at which the removed items begin. */
  readonly starts: number[]
  /** The numbers of items in the tree and of tokens read, at the time when the last item began. */
  length: number
  tokens: number
}

/**
 * Limits how many tokens the parser keeps of one document. If a List is larger, such as the output of `kubectl get`,
 * its finished items are cut out of the tree. They can then be parsed one by one, but aliases to other items don't
 * work.
 *
 * @param options - `splitsLists`: false if each document has to be one tree; `refuse`: throws, with the offset of the
 * document
 */
export function boundDocument(
  text: string,
  options: {
    readonly maxTokens: number
    readonly splitsLists: boolean
    readonly refuse: (offset: number) => never
  },
): DocumentBound {
  const { maxTokens, splitsLists, refuse } = options
  const cutLists = new Map<number, OpenList>()
  let open: OpenList | undefined
  return {
    onToken({ tokens, parser: { stack, offset } }) {
      const list = splitsLists ? itemsList(stack) : undefined
      const start = stack[0]?.offset ?? offset
      const isCut = cutLists.has(start)
      if (open !== undefined && stack[0] === undefined) open = undefined
      if (list !== undefined && list !== open?.list) {
        // A second `items` is a duplicate key, which is refused later.
        open = { list, starts: [], length: list.items.length, tokens }
      } else if (open !== undefined && list !== undefined && list.items.length > open.length) {
        open.length = list.items.length
        open.tokens = tokens
        if (isCut && open.length > 2) cut(open)
      }
      if (tokens - (isCut && open !== undefined ? open.tokens : 0) <= maxTokens) return
      if (isCut || open === undefined || list === undefined || open.length < 2) return refuse(start)
      cut(open)
      cutLists.set(start, open)
    },
    itemsOf(document) {
      const [start] = document.range
      const found = cutLists.get(start)
      if (found === undefined) return undefined
      cutLists.delete(start)
      return itemsOf(text, document, found) ?? refuse(start)
    },
  }
}

/** Removes the finished items from the tree, and records where they start. An unknown start is NaN. */
function cut(open: OpenList): void {
  const { list, starts } = open
  const isFirst = starts.length === 0
  const removed = list.items.splice(isFirst ? 0 : 1, list.items.length - (isFirst ? 1 : 2))
  const [first] = removed
  for (const item of removed) starts.push(startOf(item, list, starts.length))
  if (isFirst && first !== undefined)
    (list.items as CST.CollectionItem[]).unshift(placeholder(first, list))
  open.length = list.items.length
}

function itemsOf(
  text: string,
  document: Document.Parsed,
  { list, starts }: OpenList,
): Iterable<ListItem> | undefined {
  const node = document.get('items', true)
  if (!isSeq(node) || !node.range || !String(document.get('kind')).endsWith('List'))
    return undefined
  const isFlow = list.type === 'flow-collection'
  // The parser also makes an item of a comment or a comma at the end.
  const rest = list.items.slice(1).filter(({ key, value }) => key != null || value != null)
  const all = [...starts, ...rest.map((item) => startOf(item, list, starts.length))]
  if (all.some(Number.isNaN)) return undefined
  const ends = [...all.slice(1), isFlow ? node.range[1] - 1 : node.range[2]]
  return piecesOf(text, { starts: all, ends, isFlow })
}

/** Yields one item at a time, because a List may have a million. */
function* piecesOf(
  text: string,
  {
    starts,
    ends,
    isFlow,
  }: {
    readonly starts: readonly number[]
    readonly ends: readonly number[]
    readonly isFlow: boolean
  },
): Generator<ListItem> {
  for (const [index, start] of starts.entries())
    yield pieceOf(text, { start, end: ends[index] ?? start, isFlow })
}

/** Returns the list that the parser is in, if it is the member `items` of the document's mapping. */
function itemsList([document, map, list]: readonly CST.Token[]): ListToken | undefined {
  if (document?.type !== 'document') return undefined
  if (map?.type !== 'block-map' && map?.type !== 'flow-collection') return undefined
  if (list?.type !== 'block-seq' && list?.type !== 'flow-collection') return undefined
  if (list.type === 'flow-collection' && list.start.type !== 'flow-seq-start') return undefined
  const key = map.items.at(-1)?.key
  const isItems = key != null && 'source' in key && /^["']?items["']?$/.test(key.source)
  return isItems ? list : undefined
}

/** Returns where an item begins: at its `-`, or at the comma or the bracket before it. NaN if there is none. */
function startOf({ start }: CST.CollectionItem, list: ListToken, index: number): number {
  if (list.type === 'flow-collection' && index === 0) return list.start.offset
  const mark = list.type === 'block-seq' ? 'seq-item-ind' : 'comma'
  return start.find(({ type }) => type === mark)?.offset ?? Number.NaN
}

/** Replaces the items that were cut out, so that the rest is still a valid list. */
const placeholder = (
  { start }: CST.CollectionItem,
  { offset, indent }: ListToken,
): CST.CollectionItem => ({
  start: start.filter(({ type }) => type === 'seq-item-ind'),
  value: { type: 'scalar', offset, indent, source: '0' },
})

function pieceOf(
  text: string,
  { start, end, isFlow }: Span & { readonly isFlow: boolean },
): ListItem {
  if (isFlow) return { span: { start: start + 1, end }, before: '[', after: ']' }
  const column = start - text.lastIndexOf('\n', start - 1) - 1
  return { span: { start, end }, before: ' '.repeat(column), after: '' }
}
