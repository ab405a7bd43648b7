/** Joins names for a sentence, and counts those that don't fit. */
export function listNames(names: readonly string[], maxShown = 5): string {
  const more = names.length - maxShown
  return [...names.slice(0, maxShown), ...(more > 0 ? [`${more} more`] : [])].join(', ')
}
