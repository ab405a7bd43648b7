import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/**
 * Reads a file in a volume that others may write to, too.
 *
 * @returns the text, or undefined if the file is absent, too large, or not a regular file
 */
export function readSmallFile(path: string, maxBytes: number): string | undefined {
  try {
    // Without O_NONBLOCK, a pipe that somebody has put there would never open.
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const file = fstatSync(descriptor)
      if (!file.isFile() || file.size > maxBytes) return undefined
      const bytes = Buffer.alloc(file.size)
      return bytes.toString('utf8', 0, readSync(descriptor, bytes))
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return undefined
  }
}
