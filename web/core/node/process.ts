/** What commands print goes here instead of to standard output and standard error. */
export class Output {
  #parts: string[] = []

  write(text: string): boolean {
    this.#parts.push(text)
    return true
  }

  /** Returns what was written since the last call. */
  take(): string {
    const text = this.#parts.join('')
    this.#parts = []
    return text
  }
}

/** Node's `process`, as far as the commands use it. The environment has the administrator's settings of the page. */
export const process = {
  env: {} as Record<string, string>,
  argv: ['node', 'akv-injector'],
  platform: 'linux',
  cwd: () => '/',
  stdout: new Output(),
  stderr: new Output(),
}
