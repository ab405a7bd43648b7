import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { encodingOf } from './read-text.ts'

/** The beginning of a file as text, whatever its bytes are. */
interface StartOfFile {
  readonly text: string
  /** Whether the file ends there. */
  readonly isWhole: boolean
}

/**
 * Reads the beginning of a regular file, to search it. Bytes that aren't UTF-8 become replacement characters; UTF-16
 * is recognised by its byte order mark.
 *
 * @returns undefined if the file can't be opened, or isn't a regular file, because reading a pipe or a device might
 * never end
 */
export function readStart(path: string, maxBytes: number): StartOfFile | undefined {
  let descriptor: number | undefined
  try {
    // Opening a pipe would wait for a writer.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const status = fstatSync(descriptor)
    if (!status.isFile()) return undefined
    const bytes = Buffer.allocUnsafe(Math.min(status.size, maxBytes))
    const start = bytes.subarray(0, readInto(bytes, descriptor))
    return {
      text: new TextDecoder(encodingOf(start)).decode(start),
      isWhole: status.size <= maxBytes,
    }
  } catch {
    return undefined
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

function readInto(bytes: Buffer, descriptor: number): number {
  let length = 0
  while (length < bytes.length) {
    const read = readSync(descriptor, bytes, length, bytes.length - length, null)
    if (read === 0) break
    length += read
  }
  return length
}
