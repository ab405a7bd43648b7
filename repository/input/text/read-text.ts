import { closeSync, openSync } from 'node:fs'
import { FileError } from './file-error.ts'
import { readDescriptor } from './read-descriptor.ts'

/** There is a limit, because parsing takes up to forty times as much memory (docs/specification.md, "Command line"). */
const maxFileBytes = 64 * 1024 * 1024

/**
 * Reads a text file. Keeps a byte order mark, so that `inject` can write it again.
 *
 * @param source - a path; `-` is standard input
 * @throws FileError when the file can't be read, or isn't text in UTF-8
 */
export function readText(source: string): string {
  const bytes = readBytes(source)
  if (bytes === undefined) throw new FileError({ source }, 'is larger than 64 MiB; split it')
  if (isUtf16(bytes)) throw new FileError({ source }, 'is text in UTF-16; save it as UTF-8')
  if (bytes.includes(0))
    throw new FileError({ source }, 'is a binary file; pass manifests in YAML or JSON')
  try {
    return decoder.decode(bytes)
  } catch {
    throw new FileError({ source }, 'is not valid UTF-8; pass manifests in YAML or JSON')
  }
}

function readBytes(source: string): Buffer | undefined {
  try {
    if (source === '-') return readDescriptor(0, maxFileBytes)
    const descriptor = openSync(source, 'r')
    try {
      return readDescriptor(descriptor, maxFileBytes)
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    throw new FileError({ source }, readErrorSentence(error))
  }
}

/** Says why a file or a folder couldn't be read. */
export function readErrorSentence(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  const reasons: Record<string, string> = {
    ENOENT: 'no such file',
    EISDIR: 'is a directory; pass files',
    EACCES: 'permission denied',
    ELOOP: 'is a symbolic link that leads to itself',
  }
  return reasons[code ?? ''] ?? message
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Detects UTF-16 by its byte order mark, which editors on Windows write. */
const isUtf16 = ([first, second]: Buffer): boolean =>
  (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
