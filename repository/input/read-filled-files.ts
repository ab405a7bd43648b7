import { printLines } from '../../lib/terminal/print-lines.ts'
import { type GivenValues, mismatchLines, readGivenValues } from './placeholders/given-values.ts'
import { createPlaceholders } from './placeholders/placeholders.ts'
import { type ManifestFile, readManifestFiles } from './read-manifests.ts'

/**
 * Reads files for a command that needs the values of all placeholders. Standard error gets the placeholders without a
 * value, and the values that belong to no placeholder.
 */
export function readFilledFiles(
  files: readonly string[],
  command: string,
  given: GivenValues,
): readonly ManifestFile[] {
  const placeholders = createPlaceholders({ values: readGivenValues(given), unfilled: 'kept' })
  const read = readManifestFiles(files, { command, placeholders })
  printLines(process.stderr, mismatchLines(given, placeholders))
  return read
}
