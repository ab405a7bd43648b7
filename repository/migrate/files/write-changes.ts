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
 * Writes files in place of what was read. Each file is either old or new at any time. Nothing is written if one of them can't
 * be, or has changed since it was read.
 */
export function writeChanges(changes: readonly FileChange[]): Written {
  // 1. Nothing that wasn't read is overwritten.
  const conflicts = [
    ...sameFiles(changes),
    ...changes.flatMap((change) => conflictOf(change) ?? []),
  ]
  if (conflicts.length > 0) return { written: 0, errors: conflicts }
  const steps: Step[] = []
  let written = 0
  try {
    // 2. A missing permission or a full disk shows before any file has changed.
    for (const change of changes) steps.push(prepare(change))
    // 3. A new account is there before its source is gone.
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

/** Files that were read by two names, because a named folder is a symbolic link. */
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
  /** Lower ones go first. */
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

/** @param like - the file whose permissions the new one gets */
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
