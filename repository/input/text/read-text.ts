import { closeSync, openSync } from 'node:fs'
import { FileError } from './file-error.ts'
import { readDescriptor } from './read-descriptor.ts'

/** There is a limit, because parsing takes up to forty times as much memory (docs/specification.md, "Command line"). */
const maxFileBytes = 64 * 1024 * 1024

/**
 * Reads a text file, in UTF-8 or, with a byte order mark, in UTF-16, as kubectl does. Keeps the byte order mark of
 * UTF-8, so that `inject` can write it again.
 *
 * @param source - a path; `-` is standard input
 * @throws FileError when the file can't be read, or isn't such text
 */
export function readText(source: string): string {
  const bytes = readBytes(source)
  if (bytes === undefined) throw new FileError({ source }, 'is larger than 64 MiB; split it')
  const encoding = encodingOf(bytes)
  if (encoding === 'utf-8' && bytes.includes(0))
    throw new FileError({ source }, 'is a binary file; pass manifests in YAML or JSON')
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: encoding === 'utf-8' }).decode(bytes)
  } catch {
    const shown = encoding === 'utf-8' ? 'UTF-8' : 'UTF-16'
    throw new FileError({ source }, `is not valid ${shown}; pass manifests in YAML or JSON`)
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

/** UTF-16 has a byte order mark, which editors on Windows write. */
export function encodingOf([first, second]: Buffer): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
}
