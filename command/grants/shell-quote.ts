/** Whether a text means itself to a POSIX shell. */
export const isPlain = (text: string): boolean => /^[A-Za-z0-9_./:@=-]+$/.test(text)

/** Quotes a text for a POSIX shell, unless it means itself. */
export function shellQuote(text: string): string {
  if (isPlain(text)) return text
  if (text.includes("'") && !/[$`"\\!]/.test(text)) return `"${text}"`
  return `'${text.replaceAll("'", "'\\''")}'`
}
