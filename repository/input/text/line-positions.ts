import type { FilePosition } from './file-error.ts'

/**
 * Finds lines and columns in a text. The lines are counted at the first call, because there is nothing to report about
 * most files.
 */
export function linePositions(text: string, source: string): (offset: number) => FilePosition {
  let starts: Uint32Array | undefined
  return (offset) => {
    starts ??= lineStarts(text)
    const at = Math.min(Math.max(offset, 0), text.length)
    const line = lineOf(starts, at)
    return { source, line: line + 1, column: at - (starts[line] ?? 0) + 1 }
  }
}

function lineStarts(text: string): Uint32Array {
  let count = 1
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++
  const starts = new Uint32Array(count)
  let line = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1))
    starts[++line] = at + 1
  return starts
}

/** Returns the index of the last line that begins at or before an offset. */
function lineOf(starts: Uint32Array, offset: number): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return low
}
