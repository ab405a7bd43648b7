/** How many objects of each kind there are. */
export type KindCounts = ReadonlyMap<string, number>

/** A file may have a million kinds. */
const maxKinds = 1000
const manyKinds = 'of other kinds'

/** Adds objects of a kind to the counts. Beyond a thousand kinds, the others are counted together. */
export function addKind(counts: Map<string, number>, kind: unknown, count = 1): void {
  const name = typeof kind === 'string' ? kind : 'without a kind'
  const known = counts.has(name) || counts.size < maxKinds ? name : manyKinds
  counts.set(known, (counts.get(known) ?? 0) + count)
}

/** The sum of several counts. */
export function addCounts(all: Iterable<KindCounts>): KindCounts {
  const sum = new Map<string, number>()
  for (const counts of all) for (const [kind, count] of counts) addKind(sum, kind, count)
  return sum
}

/** How many objects there are in all. */
export const countAll = (counts: KindCounts): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0)
