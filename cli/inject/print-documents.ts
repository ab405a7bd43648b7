import { printLines } from '../../lib/print-lines.ts'

/**
 * Writes manifests. They are data, and leave byte for byte; only a terminal gets them printable, as it would act upon what
 * a comment or a value may hold.
 */
export function printDocuments(
  stream: Pick<NodeJS.WriteStream, 'isTTY'> & { write(text: string): unknown },
  text: string,
): void {
  if (stream.isTTY) printLines(stream, text.trimEnd().split(/\r?\n/))
  else stream.write(text)
}
