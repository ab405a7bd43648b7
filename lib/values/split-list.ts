/**
 * Splits a list at commas and newlines. Entries are trimmed, and empty ones dropped.
 *
 * @returns undefined if there are more than `maxEntries`; the rest of the text isn't read then
 */
export function splitList(text: string, maxEntries: number): readonly string[] | undefined {
  const entries: string[] = []
  for (const [piece] of text.matchAll(/[^,\n]+/g)) {
    const entry = piece.trim()
    if (entry === '') continue
    if (entries.length === maxEntries) return undefined
    entries.push(entry)
  }
  return entries
}
