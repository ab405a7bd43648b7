import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

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
    const length = readInto(bytes, descriptor)
    return { text: decode(bytes.subarray(0, length)), isWhole: status.size <= maxBytes }
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

function decode(bytes: Buffer): string {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  return new TextDecoder().decode(bytes)
}
