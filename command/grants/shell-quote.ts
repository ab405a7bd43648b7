/** Quotes a text for a POSIX shell, unless it means itself. */
export const shellQuote = (text: string): string =>
  /^[A-Za-z0-9_./:@=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
