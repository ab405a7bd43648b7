import { measureJson } from './measure-json.ts'

/**
 * Checks the bytes of a JSON text against bounds before it is parsed. Half a megabyte of `[` is cheap to send, but code that
 * walks the value would overflow the stack. Eight megabytes of `{},` become objects of fifty times that size.
 *
 * @param json - UTF-8; if it isn't JSON, the result doesn't matter, because parsing will refuse it
 * @returns `depth` if arrays and objects are nested more than `maxDepth` deep, `values` if they have more than
 *   `maxValues` elements and members in total, else undefined
 */
export function jsonExcess(
  json: Uint8Array,
  { maxDepth, maxValues }: { readonly maxDepth: number; readonly maxValues: number },
): 'depth' | 'values' | undefined {
  const { depth, values } = measureJson(json, { maxDepth })
  if (depth > maxDepth) return 'depth'
  return values > maxValues ? 'values' : undefined
}
