import { type Document, isMap, isScalar, isSeq, type ToStringOptions, visit } from 'yaml'

export type Style = Pick<ToStringOptions, 'indent' | 'indentSeq' | 'flowCollectionPadding'>

/**
 * Detects how the author of a document indents and pads, as options of the YAML library. If a document mixes styles,
 * the most frequent one wins. If it shows none, the library's defaults apply.
 *
 * @param text - the file that the document was parsed from
 */
export function documentStyle(document: Document, text: string): Style {
  const indents: number[] = []
  const sequenceIndents: number[] = []
  const paddings: boolean[] = []
  const columnOf = (offset: number) => offset - text.lastIndexOf('\n', offset - 1) - 1
  const addPadding = ({ range, flow }: { range?: Node['range']; flow?: boolean | undefined }) => {
    if (flow && range) paddings.push(/\s/.test(text.charAt(range[0] + 1)))
  }
  visit(document, {
    Collection: (_key, node) => addPadding(node),
    Pair: (_key, { key, value }) => {
      if (!isScalar(key) || !key.range || !isBlock(value)) return
      const deeper = columnOf(value.range[0]) - columnOf(key.range[0])
      if (isSeq(value)) sequenceIndents.push(deeper)
      else if (deeper > 0) indents.push(deeper)
    },
  })
  const indent =
    mostFrequent(indents) ?? mostFrequent(sequenceIndents.filter((indent) => indent > 0))
  const indentSeq = mostFrequent(sequenceIndents.map((indent) => indent > 0))
  const flowCollectionPadding = mostFrequent(paddings)
  return {
    ...(indent !== undefined && { indent }),
    ...(indentSeq !== undefined && { indentSeq }),
    ...(flowCollectionPadding !== undefined && { flowCollectionPadding }),
  }
}

type Node = { readonly range?: readonly [number, number, number] | null }

function isBlock(value: unknown): value is { range: readonly [number, number, number] } {
  return (isMap(value) || isSeq(value)) && !value.flow && !!value.range
}

/** Returns the most frequent value. Of two that are equally frequent, the earlier one wins. */
function mostFrequent<T>(values: readonly T[]): T | undefined {
  const groups = Map.groupBy(values, (value) => value)
  const [longest = []] = [...groups.values()].toSorted((a, b) => b.length - a.length)
  return longest[0]
}
