import { invalid, type Parsed, valid } from '../problems/parsed.ts'

/** Reads "true" or "false" in any case, and no other spelling. */
export function parseBoolean(text: string): Parsed<boolean> {
  const lower = text.toLowerCase()
  return lower === 'true' || lower === 'false'
    ? valid(lower === 'true')
    : invalid('expected "true" or "false"')
}
