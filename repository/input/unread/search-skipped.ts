import { type Dirent, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { FilePosition } from '../text/file-error.ts'
import { isManifestName } from '../text/find-files.ts'
import { linePositions } from '../text/line-positions.ts'
import { readStart } from '../text/read-start.ts'
import { findHeld } from './find-held.ts'

/** The place of the first object that `check` would look at, in a file or folder that isn't read. */
export interface HeldPlace {
  /** What it has, as a clause. */
  readonly has: string
  readonly at: Pick<FilePosition, 'source'> & Partial<FilePosition>
}

/** The limits for all skipped files and folders together. Large repositories stay below them. */
const defaultBounds = { maxFiles: 20_000, maxEntries: 200_000, maxBytes: 256 * 1024 * 1024 }
const maxFileBytes = 64 * 1024 * 1024
const maxDepth = 32

/**
 * Returns a function that searches a skipped file or folder. Follows no links but the path itself. Within folders, it
 * reads manifests and templates of charts, and skips hidden ones and `node_modules`.
 */
export function createSearch(bounds = defaultBounds): (path: string) => HeldPlace | undefined {
  const left = { ...bounds }
  const isOver = () => left.maxFiles < 0 || left.maxEntries < 0 || left.maxBytes < 0
  let isReported = false
  const tooMuch = (source: string) => {
    isReported = true
    return { has: 'has more files than are searched', at: { source } }
  }

  const searchFile = (path: string): HeldPlace | undefined => {
    left.maxFiles--
    if (isOver()) return tooMuch(path)
    const start = readStart(path, maxFileBytes)
    if (start === undefined) return undefined
    left.maxBytes -= start.text.length
    return heldIn(path, start)
  }
  const searchFolder = (folder: string): HeldPlace | undefined => {
    const open = [{ path: folder, depth: 0 }]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { path, depth } = next
      const entries = entriesOf(path)
      left.maxEntries -= entries.length
      if (isOver() || depth > maxDepth) return tooMuch(path)
      for (const entry of entries) {
        const inner = join(path, entry.name)
        if (entry.isDirectory()) open.push({ path: inner, depth: depth + 1 })
        const held = entry.isFile() && isSearched(entry.name) ? searchFile(inner) : undefined
        if (held) return held
      }
    }
    return undefined
  }
  // Only the first path beyond the limits is reported.
  return (path) => {
    if (isReported) return undefined
    if (isOver()) return tooMuch(path)
    return isFolder(path) ? searchFolder(path) : searchFile(path)
  }
}

/** Searches the text of a file. */
export function heldIn(
  path: string,
  { text, isWhole }: { readonly text: string; readonly isWhole: boolean },
): HeldPlace | undefined {
  const held = findHeld(text)
  if (held) return { has: `has ${held.what}`, at: linePositions(text, path)(held.offset) }
  return isWhole ? undefined : { has: 'is larger than 64 MiB', at: { source: path } }
}

const isSearched = (name: string): boolean => isManifestName(name) || name.endsWith('.tpl')

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
