import {
  closeSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { FileError } from '../../input/text/file-error.ts'
import { readErrorSentence, readText } from '../../input/text/read-text.ts'
import { realPath } from '../../input/unread/unread.ts'
import type { FileChange } from './file-change.ts'
import { isTaken } from './is-taken.ts'

interface Written {
  readonly written: number
  readonly errors: readonly FileError[]
}

/**
 * Replaces files by their new texts. At any time, each file has either its old or its new text. Nothing is written if
 * one of the files can't be written, or has changed since it was read.
 */
export function writeChanges(changes: readonly FileChange[]): Written {
  // 1. Check that the files are still as they were read, so that nobody's edits are overwritten.
  const conflicts = [
    ...sameFiles(changes),
    ...changes.flatMap((change) => conflictOf(change) ?? []),
  ]
  if (conflicts.length > 0) return { written: 0, errors: conflicts }
  const steps: Step[] = []
  let written = 0
  try {
    // 2. Write everything beside the files, so that a missing permission or a full disk shows before any file changes.
    for (const change of changes) steps.push(prepare(change))
    // 3. Rename in order: a new account exists before its source is removed.
    for (const { finish } of steps.toSorted((a, b) => a.order - b.order)) {
      finish()
      written++
    }
    return { written, errors: [] }
  } catch (error) {
    if (error instanceof FileError) return { written, errors: [error] }
    throw error
  } finally {
    for (const { temporary } of steps) if (temporary) rmSync(temporary, { force: true })
  }
}

/** Finds files that were read under two names, because a named folder is a symbolic link. */
function sameFiles(changes: readonly FileChange[]): readonly FileError[] {
  const old = changes.filter(({ before }) => before !== undefined)
  const byFile = Map.groupBy(old, ({ path }) => realPath(path) ?? path)
  return [...byFile.values()].flatMap(([first, ...others]) =>
    others.map(({ path }) => {
      const sentence = `is the same file as ${first?.path}; name one of their folders`
      return new FileError({ source: path }, sentence)
    }),
  )
}

function conflictOf({ path, before }: FileChange): FileError | undefined {
  const refused = (sentence: string) => new FileError({ source: path }, sentence)
  if (before === undefined) return isTaken(path) ? refused('exists already') : undefined
  try {
    const status = lstatSync(path)
    if (status.isSymbolicLink()) return refused('is a symbolic link; name the file it leads to')
    if (!status.isFile()) return refused('is not a regular file')
    return readText(path) === before ? undefined : refused('has changed since it was read')
  } catch (error) {
    return error instanceof FileError ? error : refused(readErrorSentence(error))
  }
}

interface Step {
  /** Steps with a lower number come first. */
  readonly order: number
  readonly temporary?: string
  readonly finish: () => void
}

function prepare({ path, before, after }: FileChange): Step {
  const attempt = (action: () => void) => orFileError(path, action)
  if (after === undefined) return { order: 2, finish: () => attempt(() => rmSync(path)) }
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`)
  attempt(() => writeSynced(temporary, after, before === undefined ? undefined : path))
  const finish = () => attempt(() => renameSync(temporary, path))
  return { order: before === undefined ? 0 : 1, temporary, finish }
}

/** @param like - the file from which the new one gets its permissions */
function writeSynced(path: string, text: string, like: string | undefined): void {
  const descriptor = openSync(path, 'wx')
  try {
    writeFileSync(descriptor, text)
    if (like !== undefined) fchmodSync(descriptor, lstatSync(like).mode & 0o7777)
    fsyncSync(descriptor)
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  } finally {
    closeSync(descriptor)
  }
}

function orFileError(path: string, action: () => void): void {
  try {
    action()
  } catch (error) {
    throw new FileError({ source: path }, `can't be written: ${readErrorSentence(error)}`)
  }
}
