import type { ExitCode } from '../../command/exit-code.ts'
import { printLines } from '../../lib/terminal/print-lines.ts'
import { printDocuments } from '../inject/print-documents.ts'
import { errorLines } from '../input/text/file-error.ts'
import { joinFiles } from '../rewrite/rewrite-file.ts'
import { type MigrateInput, readFile } from './content/read-input.ts'
import { patchLines } from './files/overlay-files.ts'
import type { RewrittenFile } from './files/rewrite-documents.ts'
import { notesOf } from './plan/plan-migration.ts'
import { unreadLines } from './unread-lines.ts'
import { type PlannedFiles, verifyFiles } from './verify/verify-files.ts'

/**
 * Prints documents as one stream: all of the files that were named, and of those in folders only files that change. Prints
 * nothing if an object would ask for something else than before.
 */
export function printStream(
  { files, ...plan }: PlannedFiles,
  { named, errors, ...unread }: Pick<MigrateInput, 'named' | 'errors' | 'skipped' | 'unchecked'>,
): ExitCode {
  const { placeholders } = plan.old
  const { differences } = verifyFiles(files, {
    ...plan,
    read: (file, placeholders) => [readFile(file.source, textOf(file), { ...plan, placeholders })],
  })
  if (differences.length > 0) {
    printLines(process.stderr, [
      differences.some(({ isOfValues }) => isOfValues !== true) ? mistake : wrongValues,
      ...differences.map(({ title }) => `  ${placeholders.restore(title)}`),
    ])
    return 1
  }
  const printed = files.filter((file) => named.has(file.source) || textOf(file) !== file.before)
  printLines(process.stderr, [
    ...errorLines(errors),
    ...unreadLines(unread),
    ...notesOf(plan.migration, placeholders),
    ...patchLines(plan.overlays),
    ...(printed.length === 0 ? ['nothing to change'] : []),
  ])
  printDocuments(process.stdout, joined(printed.map(textOf)))
  return errors.length > 0 ? 2 : 0
}

/** New accounts come after the file with their source. */
const textOf = ({ after, added }: RewrittenFile): string =>
  joined([after, ...added.map(({ text }) => text)])

const joined = (texts: readonly string[]): string => joinFiles(texts.filter((text) => text !== ''))

const mistake =
  'the result would not ask for the same files and Secrets, so it is not printed; please report this'
const wrongValues =
  'with the values of --set and --from-env-file, the result would not ask for the same files and Secrets, so it is not printed; see what check says about these values, or quote the placeholders'
