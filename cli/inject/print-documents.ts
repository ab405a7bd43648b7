import { printLines } from '../../lib/print-lines.ts'

/**
 * Writes manifests byte for byte. Only on a terminal are they made printable, since it would act on control characters in a
 * comment or a value.
 */
export function printDocuments(
  stream: Pick<NodeJS.WriteStream, 'isTTY'> & { write(text: string): unknown },
  text: string,
): void {
  if (stream.isTTY) printLines(stream, text.trimEnd().split(/\r?\n/))
  else stream.write(text)
}
