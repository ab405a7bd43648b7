import type { OutlinePath } from '../lib/json/wanted-places.ts'
import { createBoundedJson, type JsonBounds, type ReadJson } from './bounded-json.ts'

const newline = 0x0a

/** Reads one JSON text from each line of a stream, within the bounds. */
export async function* readLines(
  stream: AsyncIterable<Uint8Array>,
  { bounds, paths }: { readonly bounds: JsonBounds; readonly paths: readonly OutlinePath[] },
): AsyncGenerator<ReadJson> {
  let line = createBoundedJson(bounds, paths)
  for await (const chunk of stream) {
    let begin = 0
    for (;;) {
      const end = chunk.indexOf(newline, begin)
      line.read(chunk.subarray(begin, end < 0 ? undefined : end))
      if (end < 0) break
      begin = end + 1
      if (!line.isEmpty()) yield line.end()
      line = createBoundedJson(bounds, paths)
    }
  }
  if (!line.isEmpty()) yield line.end()
}
