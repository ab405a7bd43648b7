import type { ExitCode } from '../../command/exit-code.ts'
import { printLines } from '../../lib/terminal/print-lines.ts'
import { printDocuments } from '../inject/print-documents.ts'
import type { Placeholders } from '../input/placeholders/placeholders.ts'
import { describeSource, errorLines } from '../input/text/file-error.ts'
import { type MigrateInput, readFile } from './content/read-input.ts'
import { changesOf, preparedFiles } from './files/changes-of.ts'
import { diffFolder, diffText } from './files/diff-text.ts'
import type { FileChange } from './files/file-change.ts'
import { overlayFiles } from './files/overlay-files.ts'
import { unreviewedFiles } from './files/unreviewed-files.ts'
import { writeChanges } from './files/write-changes.ts'
import { notesOf } from './plan/plan-migration.ts'
import { summaryLines } from './summary-lines.ts'
import { unreadLines } from './unread-lines.ts'
import type { Difference } from './verify/find-differences.ts'
import { type PlannedFiles, verifyFiles } from './verify/verify-files.ts'

/** What to do with the changed files. */
export interface Mode {
  /** Whether to write the files. If not, only prints how they would change. */
  readonly write: boolean
  /** Whether to write files even if `git diff` would mix the changes with earlier ones, or not show them. */
  readonly force: boolean
}

/** Changes the files, or prints how they would change. Standard error gets what stays as it is, and errors. */
export function changeFiles(
  { files, ...plan }: PlannedFiles,
  {
    errors,
    mode,
    ...unread
  }: Pick<MigrateInput, 'errors' | 'skipped' | 'unchecked'> & { readonly mode: Mode },
): ExitCode {
  const { namespace, migration, old } = plan
  const { placeholders, otherFiles } = old
  const verified = verifyFiles(preparedFiles(files, otherFiles.builds), {
    ...plan,
    read: (file, placeholders) =>
      changesOf(file, 'all').map(({ path, after = '' }) =>
        readFile(path, after, { namespace, placeholders }),
      ),
  })
  const overlays = overlayFiles(plan.overlays)
  const edited = verified.files.flatMap((file) => changesOf(file, 'changed'))
  const changes = [...edited, ...overlays.changes]
  printLines(process.stderr, [
    ...errorLines(errors),
    ...unreadLines(unread),
    ...notesOf(migration, placeholders),
    ...differenceLines(verified.differences, placeholders),
    ...overlays.lines,
  ])
  if (!mode.write) printDiffs(changes)
  else if (!write(changes, mode)) return 1
  printLines(mode.write ? process.stdout : process.stderr, [
    ...summaryLines(verified.files, plan),
    ...addedPatches(overlays.changes.length),
    ...(changes.length === 0 ? ['nothing to change'] : []),
  ])
  if (errors.length > 0) return 2
  return verified.differences.length > 0 ? 1 : 0
}

const addedPatches = (count: number): readonly string[] =>
  count === 0 ? [] : [`overlays: ${count} ${count === 1 ? 'patch' : 'patches'} added`]

const differenceLines = (
  differences: readonly Difference[],
  { restore }: Placeholders,
): readonly string[] =>
  differences.map(
    ({ title, source, isOfValues }) =>
      `${restore(title)} (${describeSource(source)}): would not ask for the same files and Secrets${isOfValues ? ' with the values of --set and --from-env-file' : ''}, so the files of its environment stay as they are; ${isOfValues ? 'see what check says about these values, or quote the placeholders' : 'please report this'}`,
  )

function printDiffs(changes: readonly FileChange[]): void {
  const folder = diffFolder(changes)
  if (folder !== process.cwd())
    printLines(process.stderr, [`the diffs have paths from ${folder}; apply them there`])
  printDocuments(process.stdout, changes.map((change) => diffText(change, folder)).join(''))
}

/** Writes the files, and returns whether that succeeded. */
function write(changes: readonly FileChange[], { force }: Mode): boolean {
  const old = changes.flatMap(({ path, before }) => (before === undefined ? [] : path))
  const unreviewed = force ? [] : unreviewedFiles(old)
  if (unreviewed.length > 0) {
    printLines(process.stderr, [
      ...unreviewed.map(({ path, reason }) => `akv-injector: ${path}: ${reason}`),
      'nothing is written, because git diff would not show these changes alone; commit the files first, or use --force',
    ])
    return false
  }
  const { written, errors } = writeChanges(changes)
  if (errors.length === 0) return true
  printLines(process.stderr, [
    ...errorLines(errors),
    written === 0
      ? 'nothing is written'
      : `${written} of ${changes.length} files are written; run the command again for the others`,
  ])
  return false
}
