/**
 * Says why something failed, for a message or a log line: the message of an error, or the text of any other thrown
 * value.
 */
export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)
