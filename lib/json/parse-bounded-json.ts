import { jsonExcess } from './json-excess.ts'

interface JsonBounds {
  /** How deep arrays and objects may be nested. */
  readonly maxDepth: number
  /** How many elements and members they may have in total. */
  readonly maxValues: number
}

type ParsedJson =
  | { readonly kind: 'value'; readonly value: unknown }
  /** It is beyond a bound, or it isn't JSON. */
  | { readonly kind: 'depth' | 'values' | 'not-json' }

/**
 * Parses JSON that strangers wrote, within bounds. A large text is measured before it is parsed. A small one can't have many
 * values, and reading each of its bytes would take as long as parsing it, so only the depth of its value is measured.
 *
 * @param json - UTF-8
 */
export function parseBoundedJson(json: Buffer, bounds: JsonBounds): ParsedJson {
  const isSmall = json.length <= Math.min(smallBytes, bounds.maxValues)
  const excess = isSmall ? undefined : jsonExcess(json, bounds)
  if (excess !== undefined) return { kind: excess }
  let value: unknown
  try {
    value = JSON.parse(json.toString())
  } catch {
    return { kind: 'not-json' }
  }
  return isSmall && isDeeperThan(value, bounds.maxDepth)
    ? { kind: 'depth' }
    : { kind: 'value', value }
}

/** A value takes one byte at least. */
const smallBytes = 64 * 1024

/** Whether arrays and objects are nested more than `maxDepth` deep. */
function isDeeperThan(value: unknown, maxDepth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (maxDepth === 0) return true
  // `some` would create a function for each list of each review.
  if (Array.isArray(value)) {
    for (const item of value) if (isDeeperThan(item, maxDepth - 1)) return true
    return false
  }
  const members = value as Readonly<Record<string, unknown>>
  for (const name in members) if (isDeeperThan(members[name], maxDepth - 1)) return true
  return false
}
