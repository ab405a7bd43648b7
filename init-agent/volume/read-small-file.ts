import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/**
 * Reads a file in a volume that others may write to, too.
 *
 * @returns undefined if there is no such file, or if it is larger than `maxBytes` or isn't a file
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
