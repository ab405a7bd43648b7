import { readSync } from 'node:fs'

/**
 * Reads standard input to its end, and waits for a slow writer. Commander imports `node:process`, and with it Node opens
 * standard input, after which a pipe no longer blocks: `readFileSync` would throw EAGAIN, and lose what it has read.
 */
export function readStandardInput(): Buffer {
  const chunks: Buffer[] = []
  for (;;) {
    const chunk = Buffer.allocUnsafe(chunkBytes)
    const bytes = readChunk(chunk)
    if (bytes === 0) return Buffer.concat(chunks)
    if (bytes === undefined) Atomics.wait(clock, 0, 0, pauseMs)
    else chunks.push(chunk.subarray(0, bytes))
  }
}

const chunkBytes = 64 * 1024
const pauseMs = 10
/** Nobody wakes it: waiting for it is a pause. */
const clock = new Int32Array(new SharedArrayBuffer(4))

/** Gives the number of bytes that it read: 0 at the end of the input, undefined if none have arrived yet. */
function readChunk(chunk: Buffer): number | undefined {
  try {
    return readSync(0, chunk)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined
    throw error
  }
}
