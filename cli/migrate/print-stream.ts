import { printLines } from '../../lib/terminal/print-lines.ts'
import type { ExitCode } from '../command/exit-code.ts'
import { printDocuments } from '../inject/print-documents.ts'
import { joinFiles } from '../rewrite/rewrite-file.ts'
import { patchLines } from './overlay-files.ts'
import { notesOf } from './plan-migration.ts'
import { readFile } from './read-input.ts'
import type { RewrittenFile } from './rewrite-documents.ts'
import { type PlannedFiles, verifyFiles } from './verify-files.ts'

/** Prints all documents as one stream, or none of them if an object would ask for anything else than before. */
export function printStream({ files, ...plan }: PlannedFiles): ExitCode {
  const { placeholders } = plan.old
  const { differences } = verifyFiles(files, {
    ...plan,
    read: (file) => [readFile(file.source, textOf(file), { ...plan, placeholders })],
  })
  if (differences.length > 0) {
    printLines(process.stderr, [
      'the result would not ask for the same files and Secrets, so it is not printed; please report this',
      ...differences.map(({ title }) => `  ${placeholders.restore(title)}`),
    ])
    return 1
  }
  printLines(process.stderr, [
    ...notesOf(plan.migration).map(placeholders.restore),
    ...patchLines(plan.overlays),
  ])
  printDocuments(process.stdout, joined(files.map(textOf)))
  return 0
}

/** The accounts that no file has are below the file with their source. */
const textOf = ({ after, added }: RewrittenFile): string =>
  joined([after, ...added.map(({ text }) => text)])

const joined = (texts: readonly string[]): string => joinFiles(texts.filter((text) => text !== ''))
