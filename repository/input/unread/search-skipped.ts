import { type Dirent, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { FilePosition } from '../text/file-error.ts'
import { isManifestName, templateName } from '../text/find-files.ts'
import { linePositions } from '../text/line-positions.ts'
import { readStart } from '../text/read-start.ts'
import { findHeld, type HeldKind } from './find-held.ts'

/** The place of the first object that `check` would look at, in a file or folder that isn't read. */
export interface HeldPlace {
  /** What it has, as a clause. */
  readonly has: string
  readonly at: Pick<FilePosition, 'source'> & Partial<FilePosition>
}

/** The limits for all skipped files and folders together. Large repositories stay below them. */
export const defaultBounds = { maxFiles: 20_000, maxEntries: 200_000, maxBytes: 256 * 1024 * 1024 }
const maxFileBytes = 64 * 1024 * 1024
const maxDepth = 32

/** The text of a file that isn't read as manifests, or the first path beyond the limits. */
type SkippedText =
  | { readonly path: string; readonly text: string; readonly isWhole: boolean }
  | { readonly path: string; readonly isTooMuch: true }

type Bounds = typeof defaultBounds

/**
 * Reads a skipped file, or the manifests and templates of charts in a skipped folder. Follows no links but the path itself, and
 * skips hidden files and `node_modules`. Ends at the first path beyond the limits.
 *
 * @param left - what is left of the limits, which is reduced
 */
export function* textsIn(
  path: string,
  left: { -readonly [Key in keyof Bounds]: Bounds[Key] },
): Generator<SkippedText> {
  const isOver = () => left.maxFiles < 0 || left.maxEntries < 0 || left.maxBytes < 0
  function* readFile(file: string): Generator<SkippedText> {
    left.maxFiles--
    if (isOver()) return yield { path: file, isTooMuch: true }
    const start = readStart(file, maxFileBytes)
    if (start === undefined) return
    left.maxBytes -= start.text.length
    yield { path: file, ...start }
  }
  if (isOver()) return yield { path, isTooMuch: true }
  if (!isFolder(path)) return yield* readFile(path)
  const open = [{ folder: path, depth: 0 }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { folder, depth } = next
    const entries = entriesOf(folder)
    left.maxEntries -= entries.length
    if (isOver() || depth > maxDepth) return yield { path: folder, isTooMuch: true }
    for (const entry of entries) {
      const inner = join(folder, entry.name)
      if (entry.isDirectory()) open.push({ folder: inner, depth: depth + 1 })
      if (entry.isFile() && isSearched(entry.name)) yield* readFile(inner)
    }
  }
}

/**
 * Returns a function that searches a skipped file or folder ({@link textsIn}).
 *
 * @param isRead - whether a file is read all the same, and needn't be searched
 */
export function createSearch(
  bounds = defaultBounds,
  isRead: (path: string) => boolean = () => false,
): (path: string, except?: ReadonlySet<HeldKind>) => HeldPlace | undefined {
  const left = { ...bounds }
  let isReported = false
  return (path, except) => {
    // Only the first path beyond the limits is reported.
    if (isReported) return undefined
    for (const file of textsIn(path, left)) {
      if ('isTooMuch' in file) {
        isReported = true
        return { has: 'has more files than are searched', at: { source: file.path } }
      }
      const held = isRead(file.path) ? undefined : heldIn(file.path, file, except)
      if (held) return held
    }
    return undefined
  }
}

/**
 * Searches the text of a file.
 *
 * @param start - `maxBytes`: how much of the file was read, if `isWhole` is false
 * @param except - what isn't looked for
 */
export function heldIn(
  path: string,
  {
    text,
    isWhole,
    maxBytes = maxFileBytes,
  }: { readonly text: string; readonly isWhole: boolean; readonly maxBytes?: number | undefined },
  except?: ReadonlySet<HeldKind>,
): HeldPlace | undefined {
  const held = findHeld(text, except)
  if (held) return { has: `has ${held.what}`, at: linePositions(text, path)(held.offset) }
  if (isWhole) return undefined
  return { has: `is larger than ${maxBytes / 1024 / 1024} MiB`, at: { source: path } }
}

/** Whether a file may have manifests, by its name. */
export const isSearched = (name: string): boolean =>
  isManifestName(name) || name.endsWith('.tpl') || templateName.test(name)

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter(
      ({ name }) => !name.startsWith('.') && name !== 'node_modules',
    )
  } catch {
    return []
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
