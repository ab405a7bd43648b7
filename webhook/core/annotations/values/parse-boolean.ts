import type { Parsed } from '../../../../lib/parsed.ts'

/** Reads "true" or "false" in any case, and no other spelling. */
export function parseBoolean(text: string): Parsed<boolean> {
  const lower = text.toLowerCase()
  return lower === 'true' || lower === 'false'
    ? { value: lower === 'true' }
    : { problem: 'expected "true" or "false"' }
}
