import { printable } from './printable.ts'

/**
 * Writes lines for people. Whatever a line repeats, of a file, a manifest or an answer, can't start another line or
 * steer a terminal: every character of it is made printable, and only the ends of the lines are ours.
 *
 * @param stream - such as `process.stdout`
 */
export function printLines(
  stream: { write(text: string): unknown },
  lines: readonly string[],
): void {
  stream.write(lines.map((line) => `${printable(line, Number.POSITIVE_INFINITY)}\n`).join(''))
}
