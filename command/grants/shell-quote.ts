/** Quotes a text for a POSIX shell, if it contains anything that a shell would interpret. */
export const shellQuote = (text: string): string =>
  /^[A-Za-z0-9_./:@=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
