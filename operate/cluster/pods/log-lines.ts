import type { PartReader } from '../open-cluster.ts'

/** Reads the lines of a log, oldest first, and keeps only what it needs. */
export interface LineReader<T> {
  /** @param line - without its newline. It is valid only during the call, so copy what you keep. */
  readonly read: (line: Buffer) => void
  readonly end: () => T
}

/** Enough for the longest line that `readLogLine` reads, with four bytes for each character. */
const maxLineBytes = 64 * 1024
const newline = 0x0a

/**
 * Splits a response into lines as its chunks arrive, and holds only the beginning of a line that isn't complete. Skips
 * empty lines and lines over 64 KiB.
 *
 * @param maxBytes - where to stop reading the response
 * @returns a reader whose `end` returns undefined if the response has `maxBytes` or more
 */
export function splitLines<T>(
  reader: LineReader<T>,
  maxBytes: number,
): PartReader<{ readonly value: T } | undefined> {
  let bytes = 0
  let begun: Buffer | undefined
  let begunBytes = 0
  function begin(part: Buffer): void {
    if (part.length > 0 && begunBytes + part.length <= maxLineBytes) {
      // Copied, because a slice would keep the whole chunk in memory.
      begun ??= Buffer.allocUnsafe(maxLineBytes)
      part.copy(begun, begunBytes)
    }
    begunBytes += part.length
  }
  function endLine(rest: Buffer): void {
    if (begunBytes === 0) {
      if (rest.length > 0 && rest.length <= maxLineBytes) reader.read(rest)
      return
    }
    begin(rest)
    if (begun !== undefined && begunBytes <= maxLineBytes)
      reader.read(begun.subarray(0, begunBytes))
    begunBytes = 0
  }
  return {
    read(chunk) {
      bytes += chunk.length
      if (bytes >= maxBytes) return false
      const part = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
      let from = 0
      for (let end = part.indexOf(newline); end >= 0; end = part.indexOf(newline, from)) {
        endLine(part.subarray(from, end))
        from = end + 1
      }
      begin(part.subarray(from))
      return true
    },
    end() {
      if (bytes >= maxBytes) return undefined
      endLine(Buffer.of())
      return { value: reader.end() }
    },
  }
}

/** A reader that keeps all lines. */
export function createLinesReader(): LineReader<readonly string[]> {
  const lines: string[] = []
  return { read: (line) => lines.push(line.toString()), end: () => lines }
}
