import { isObject, type JsonObject } from '../shape.ts'

/** Container runtimes cut a longer line. */
const maxLineLength = 16 * 1024

/** Reads a line of one of our logs. Returns undefined if it is too long, or isn't a JSON object. */
export function readLogLine(line: string): JsonObject | undefined {
  if (line.length > maxLineLength) return undefined
  try {
    const read: unknown = JSON.parse(line)
    return isObject(read) ? read : undefined
  } catch {
    return undefined
  }
}
