import { readSync } from 'node:fs'

/**
 * Reads a file or a pipe to its end, and waits for a slow writer. `readFileSync` doesn't work here: Commander imports
 * `node:process`, with which Node opens standard input, and then a pipe no longer blocks, so `readFileSync` would throw
 * EAGAIN and lose what it has read.
 *
 * @returns undefined if there are more bytes than `maxBytes`
 */
export function readDescriptor(descriptor: number, maxBytes: number): Buffer | undefined {
  const chunks: Buffer[] = []
  let total = 0
  while (total <= maxBytes) {
    const chunk = Buffer.allocUnsafe(chunkBytes)
    const bytes = readChunk(descriptor, chunk)
    if (bytes === 0) return Buffer.concat(chunks)
    if (bytes === undefined) Atomics.wait(clock, 0, 0, pauseMs)
    else {
      chunks.push(chunk.subarray(0, bytes))
      total += bytes
    }
  }
  return undefined
}

const chunkBytes = 64 * 1024
const pauseMs = 10
/** Nothing ever notifies this, so waiting for it is a synchronous pause. */
const clock = new Int32Array(new SharedArrayBuffer(4))

/** Returns how many bytes it has read: 0 at the end of the input, and undefined if none have arrived yet. */
function readChunk(descriptor: number, chunk: Buffer): number | undefined {
  try {
    return readSync(descriptor, chunk)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined
    throw error
  }
}
