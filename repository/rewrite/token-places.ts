import { CST } from 'yaml'

/** An item of a collection in the source: an item of a list, or a key with its value. */
export type TokenItem = CST.CollectionItem

export type CollectionToken = CST.BlockMap | CST.BlockSequence | CST.FlowCollection

export const isCollectionToken = (token?: CST.Token | null): token is CollectionToken =>
  token?.type === 'block-map' || token?.type === 'block-seq' || token?.type === 'flow-collection'

/** Returns the items that have content. The parser also makes an item of a comment or a comma at the end. */
export const itemsOf = (collection: CollectionToken): readonly TokenItem[] =>
  collection.items.filter(
    ({ start, key, sep, value }) =>
      key != null || sep !== undefined || isPresent(value) || start.some(isMark),
  )

/** Returns where an item begins: at its `-`, its key, or an anchor or a tag before these. */
export function itemStart({ start, key, sep = [], value }: TokenItem): number {
  const tokens = [...start.filter(isMark), key, ...sep.filter(isMark), value]
  return tokens.find(isPresent)?.offset ?? 0
}

/** Returns where the content of an item ends, without the comment and the line break after it. */
export function itemEnd({ start, key, sep = [], value }: TokenItem): number {
  const last = [...start.filter(isMark), key, ...sep.filter(isMark), value].findLast(isPresent)
  return last === undefined ? 0 : contentEnd(last)
}

function contentEnd(token: CST.Token): number {
  if (isCollectionToken(token)) {
    if (token.type === 'flow-collection')
      return (token.end.find(isBracket)?.offset ?? token.offset) + 1
    const last = itemsOf(token).at(-1)
    return last === undefined ? token.offset : itemEnd(last)
  }
  if (token.type === 'block-scalar') return blockScalarEnd(token)
  return token.offset + ('source' in token ? token.source.length : 0)
}

/** Blank lines at its end belong to a block scalar only if it keeps them (`|+`). */
function blockScalarEnd(token: CST.BlockScalar): number {
  const end = token.offset + CST.stringify(token).length
  const header = token.props.find(({ type }) => type === 'block-scalar-header')
  if (header !== undefined && 'source' in header && header.source.includes('+')) return end
  const { source } = token
  const content = source.trimEnd().length
  const lineBreak = source.indexOf('\n', content)
  return lineBreak === -1 ? end : end - (source.length - lineBreak - 1)
}

const isBracket = ({ type }: CST.SourceToken): boolean =>
  type === 'flow-map-end' || type === 'flow-seq-end'

const marks: readonly CST.SourceToken['type'][] = [
  'anchor',
  'tag',
  'explicit-key-ind',
  'map-value-ind',
  'seq-item-ind',
]

const isMark = ({ type }: CST.SourceToken): boolean => marks.includes(type)

/** Whether there is a value. One that the author left out is an empty scalar, or no token at all. */
const isPresent = (token?: CST.Token | null): token is CST.Token =>
  token != null && !(token.type === 'scalar' && token.source === '')
