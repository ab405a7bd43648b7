import { isMap, isNode, isScalar, isSeq, type Pair, type YAMLMap } from 'yaml'
import type { FilePlace } from '../text/file-error.ts'
import { type Manifest, treeOf } from './manifest.ts'
import type { Path } from './search-templates.ts'

/**
 * Finds a value of a document in its file: the place of its key, or of an item of a list. If the document doesn't have the
 * whole path, for example because it continues in an alias, the place of the last part that it has.
 */
export function placeOf(manifest: Manifest, path: Path): FilePlace {
  const { placeAt } = manifest
  // This needs no tree, and most places are those of whole documents.
  if (path.length === 0) return placeAt(manifest.start)
  let node: unknown = treeOf(manifest).contents
  let start = startOf(node)
  for (const segment of path) {
    const next = step(node, segment)
    if (next === undefined) break
    node = next.value
    start = startOf(next.key ?? next.value) ?? start
  }
  return placeAt(start ?? 0)
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
 * The pairs of a mapping by their keys, so that a place for each of many keys takes linear time. YAML may read a key as a
 * number, which is text in a value.
 */
function indexOf(map: YAMLMap): ReadonlyMap<unknown, Pair> {
  const index =
    indexes.get(map) ??
    new Map(map.items.map((pair) => [isScalar(pair.key) ? String(pair.key.value) : pair.key, pair]))
  indexes.set(map, index)
  return index
}

const startOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined)
