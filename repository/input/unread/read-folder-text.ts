import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readStart } from '../text/read-start.ts'

/** Large charts stay below these limits, apart from their packed dependencies. */
const bounds = { maxFiles: 2_000, maxBytes: 16 * 1024 * 1024 }

/**
 * Reads the text of the files in and below a folder that isn't read as manifests.
 *
 * @param isRead - gets the name of a file; by default, all are read
 * @returns undefined if the files are too large, or if one of them is a packed chart or a symbolic link
 */
export function readFolderText(
  folder: string,
  isRead: (name: string) => boolean = () => true,
): string | undefined {
  const texts: string[] = []
  let bytes = 0
  const open = [folder]
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const inner = join(path, entry.name)
      if (entry.isDirectory()) open.push(inner)
      if (entry.isSymbolicLink()) return undefined
      if (!entry.isFile() || !isRead(entry.name)) continue
      bytes += statSync(inner).size
      if (/\.tgz$/.test(entry.name) || texts.length >= bounds.maxFiles || bytes > bounds.maxBytes)
        return undefined
      // A file of /proc has no size, and reading on might never end.
      const start = readStart(inner, bounds.maxBytes)
      if (start === undefined) return undefined
      texts.push(start.text)
    }
  }
  return texts.join('\n')
}
