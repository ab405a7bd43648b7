import type { Stopwatch } from '../lib/fair/stopwatch.ts'
import { type BoundedJson, createBoundedJson, type ReadJson } from './bounded-json.ts'

const newline = 0x0a

/** One line, and the stopwatch that has measured how long reading it took. */
interface ReadLine {
  readonly json: ReadJson
  readonly stopwatch: Stopwatch
}

/** Reads one JSON text from each line of a stream, within its bounds. */
export async function* readLines(
  stream: AsyncIterable<Uint8Array>,
  ...options: Parameters<typeof createBoundedJson>
): AsyncGenerator<ReadLine> {
  let line = createBoundedJson(...options)
  for await (const chunk of stream) {
    let begin = 0
    for (;;) {
      const end = chunk.indexOf(newline, begin)
      line.read(chunk.subarray(begin, end < 0 ? undefined : end))
      if (end < 0) break
      begin = end + 1
      if (!line.isEmpty()) yield endLine(line)
      line = createBoundedJson(...options)
    }
  }
  if (!line.isEmpty()) yield endLine(line)
}

const endLine = (line: BoundedJson): ReadLine => ({ json: line.end(), stopwatch: line.stopwatch })
