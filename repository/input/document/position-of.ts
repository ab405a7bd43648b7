import { isMap, isNode, isScalar, isSeq, type Pair, type YAMLMap } from 'yaml'
import type { FilePosition } from '../text/file-error.ts'
import { type Manifest, treeOf } from './manifest.ts'
import type { Path } from './search-templates.ts'

/**
 * Finds the line and column of a value: of its key, or of the list item. If the document doesn't have the whole path,
 * for example because it continues in an alias, returns the position of the last part that it has.
 */
export function positionOf(manifest: Manifest, path: Path): FilePosition {
  const { positionAt } = manifest
  // The position of a whole document, which most findings have, needs no tree.
  if (path.length === 0) return positionAt(manifest.start)
  let node: unknown = treeOf(manifest).contents
  let start = startOf(node)
  for (const segment of path) {
    const next = step(node, segment)
    if (next === undefined) break
    node = next.value
    start = startOf(next.key ?? next.value) ?? start
  }
  return positionAt(start ?? 0)
}

function step(
  node: unknown,
  segment: string | number,
): { readonly key?: unknown; readonly value: unknown } | undefined {
  if (isSeq(node))
    return Number(segment) < node.items.length ? { value: node.items[Number(segment)] } : undefined
  return isMap(node) ? indexOf(node).get(String(segment)) : undefined
}

const indexes = new WeakMap<YAMLMap, ReadonlyMap<unknown, Pair>>()

/**
 * Indexes the pairs of a mapping by key, so that finding many keys takes linear time. YAML may parse a key as a number,
 * which is text in plain data.
 */
function indexOf(map: YAMLMap): ReadonlyMap<unknown, Pair> {
  const index =
    indexes.get(map) ??
    new Map(map.items.map((pair) => [isScalar(pair.key) ? String(pair.key.value) : pair.key, pair]))
  indexes.set(map, index)
  return index
}

const startOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined)
