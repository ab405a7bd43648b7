import { printable } from '../printable.ts'

/**
 * Writes lines for people. A line may quote a file, a manifest or an answer. Every character is made printable, so that
 * quoted text can't start another line or control the terminal.
 *
 * @param stream - such as `process.stdout`
 */
export function printLines(
  stream: { write(text: string): unknown },
  lines: readonly string[],
): void {
  stream.write(lines.map((line) => `${printable(line, Number.POSITIVE_INFINITY)}\n`).join(''))
}
