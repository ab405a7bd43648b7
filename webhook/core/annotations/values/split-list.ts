/**
 * The entries of a list, separated by commas or newlines and trimmed. Empty entries don't count.
 *
 * @returns undefined if there are more than `maxEntries`; the rest of the text isn't looked at then
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
