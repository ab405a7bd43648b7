import type { Readable } from 'node:stream'
import { createPieceLimit } from './piece-limit.ts'

/**
 * Collects a body in one buffer as it arrives. A list of chunks would take a hundred times the size of a body that is
 * sent in chunks of one byte.
 *
 * @param announcedBytes - the size that the caller announced, if any; only a hint
 * @param done - called once: with the body; with undefined, as soon as it has more than `maxBytes`; or with the error
 *   if it ends too soon or comes in too many pieces
 */
export function readBody(
  stream: Readable,
  { announcedBytes, maxBytes }: { readonly announcedBytes: number; readonly maxBytes: number },
  done: (error: Error | null, body?: Buffer) => void,
): void {
  let buffer = Buffer.allocUnsafe(Math.min(announcedBytes || startBytes, maxBytes))
  let length = 0
  const isTooMany = createPieceLimit()

  function onData(chunk: Buffer): void {
    if (isTooMany(chunk.length)) {
      finish(new Error('expected a body in pieces of about 1 KiB or more, found many short ones'))
      return
    }
    const newLength = length + chunk.length
    if (newLength > maxBytes) {
      finish(null)
      return
    }
    if (newLength > buffer.length) {
      const larger = Buffer.allocUnsafe(Math.min(Math.max(newLength, 2 * buffer.length), maxBytes))
      buffer.copy(larger, 0, 0, length)
      buffer = larger
    }
    chunk.copy(buffer, length)
    length = newLength
  }
  const onEnd = () => finish(null, buffer.subarray(0, length))

  function finish(error: Error | null, body?: Buffer): void {
    stream.off('data', onData).off('end', onEnd).off('error', finish)
    done(error, body)
  }

  stream.on('data', onData).on('end', onEnd).on('error', finish)
}

const startBytes = 16 * 1024
