import {
  backslash,
  closeBrace,
  closeBracket,
  commaByte,
  openBrace,
  openBracket,
  quoteByte,
} from './json-bytes.ts'

/** The depth and the size of a JSON text, or of a part of it. */
export interface JsonMeasure {
  /** How deep arrays and objects are nested at most. */
  readonly depth: number
  /** How many elements and members they have in total, about. */
  readonly values: number
  /** Where the next part of the text continues. */
  readonly end: { readonly depth: number; readonly inString: boolean; readonly isEscaped: boolean }
}

const start: JsonMeasure = {
  depth: 0,
  values: 0,
  end: { depth: 0, inString: false, isEscaped: false },
}

/**
 * Measures a JSON text, or a part of one.
 *
 * @param options - `before`: the measure of the parts before this one; `maxDepth`: stops at the first value that is nested
 *   deeper
 */
export function measureJson(
  json: Uint8Array,
  {
    before = start,
    maxDepth = Number.POSITIVE_INFINITY,
  }: { readonly before?: JsonMeasure; readonly maxDepth?: number } = {},
): JsonMeasure {
  let { depth: deepest, values } = before
  let { depth, inString, isEscaped } = before.end
  for (let i = 0; i < json.length; i++) {
    const byte = json[i]
    if (isEscaped) isEscaped = false
    else if (byte === quoteByte) inString = !inString
    else if (inString) isEscaped = byte === backslash
    else if (byte === openBrace || byte === openBracket) {
      values++
      if (++depth > deepest) deepest = depth
      if (depth > maxDepth) break
    } else if (byte === closeBrace || byte === closeBracket) depth--
    else if (byte === commaByte) values++
  }
  return { depth: deepest, values, end: { depth, inString, isEscaped } }
}
