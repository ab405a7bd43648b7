import { type Document, isScalar, type Pair, visit } from 'yaml'

/** A key that comes again in the same mapping. */
export interface DuplicateKey {
  readonly key: string
  /** The offset of its last place, whose value counts. */
  readonly offset: number
}

/**
 * Removes each entry whose key comes again in its mapping, so that the last one counts, as it does for kubectl. Merge keys
 * stay, because kubectl merges all of them.
 *
 * @returns the keys that came again
 */
export function keepLastEntries(document: Document): readonly DuplicateKey[] {
  const found: DuplicateKey[] = []
  visit(document, {
    Map: (_key, map) => {
      const last = new Map(map.items.map((pair) => [keyOf(pair), pair]))
      if (last.size === map.items.length) return
      const replaced = map.items.filter((pair) => last.get(keyOf(pair)) !== pair)
      map.items = map.items.filter((pair) => last.get(keyOf(pair)) === pair)
      for (const name of new Set(replaced.map(keyOf))) {
        const { key } = last.get(name) as Pair
        found.push({ key: String(name), offset: isScalar(key) ? (key.range?.[0] ?? 0) : 0 })
      }
    },
  })
  return found
}

/** What two entries have in common if one replaces the other. Lists, mappings and merge keys as keys replace nothing. */
const keyOf = (pair: Pair): unknown =>
  isScalar(pair.key) && pair.key.source !== '<<' ? pair.key.value : pair
