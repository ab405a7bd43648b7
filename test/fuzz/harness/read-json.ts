import { parseBoundedJson } from '../../../lib/json/parse-bounded-json.ts'

/** Reads JSON within bounds, as the webhook reads a body; undefined if it isn't JSON. */
export function readJson(data: Buffer): unknown {
  const parsed = parseBoundedJson(data, { maxDepth: 64, maxValues: 100_000 })
  return parsed.kind === 'value' ? parsed.value : undefined
}
