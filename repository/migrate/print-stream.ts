import type { ExitCode } from '../../command/exit-code.ts'
import { printLines } from '../../lib/terminal/print-lines.ts'
import { printDocuments } from '../inject/print-documents.ts'
import { joinFiles } from '../rewrite/rewrite-file.ts'
import { readFile } from './content/read-input.ts'
import { patchLines } from './files/overlay-files.ts'
import type { RewrittenFile } from './files/rewrite-documents.ts'
import { notesOf } from './plan/plan-migration.ts'
import { type PlannedFiles, verifyFiles } from './verify/verify-files.ts'

/** Prints all documents as one stream, or none if an object would ask for something else than before. */
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
    ...notesOf(plan.migration, placeholders),
    ...patchLines(plan.overlays),
  ])
  printDocuments(process.stdout, joined(files.map(textOf)))
  return 0
}

/** New accounts come after the file with their source. */
const textOf = ({ after, added }: RewrittenFile): string =>
  joined([after, ...added.map(({ text }) => text)])

const joined = (texts: readonly string[]): string => joinFiles(texts.filter((text) => text !== ''))
