import { printLines } from '../../lib/terminal/print-lines.ts'

/**
 * Writes manifests byte for byte. On a terminal, they are made printable, because it would interpret control characters
 * in a comment or a value.
 */
export function printDocuments(
  stream: Pick<NodeJS.WriteStream, 'isTTY'> & { write(text: string): unknown },
  text: string,
): void {
  if (stream.isTTY) printLines(stream, text.trimEnd().split(/\r?\n/))
  else stream.write(text)
}
