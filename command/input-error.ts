/** The user's files, settings or command line are invalid. The exit code is 2. */
export class InputError extends Error {
  override readonly name = 'InputError'
  /** Lines to print below the message. */
  readonly details: readonly string[]

  /** @param message - one line */
  constructor(message: string, details: readonly string[] = []) {
    super(message)
    this.details = details
  }
}
