/** True when everything in `before` is in `after`, in its place and in its order. What is null counts as absent. */
export function holds(after: unknown, before: unknown): boolean {
  if (Array.isArray(before)) {
    if (!Array.isArray(after)) return false
    let at = 0
    return before.every((item) => {
      while (at < after.length && !holds(after[at], item)) at++
      return at++ < after.length
    })
  }
  if (before === null) return true
  if (typeof before !== 'object') return after === before
  if (typeof after !== 'object' || after === null) return false
  const found = after as Record<string, unknown>
  return Object.entries(before).every(
    ([key, value]) => Object.hasOwn(found, key) && holds(found[key], value),
  )
}
