/**
 * Returns a function that keeps the first names and gives all others an empty one, so that a label can't have any number of
 * values.
 */
export function boundedNames(maxNames: number): (name: string) => string {
  const names = new Set<string>()
  return (name) => {
    if (names.size < maxNames) names.add(name)
    return names.has(name) ? name : ''
  }
}
