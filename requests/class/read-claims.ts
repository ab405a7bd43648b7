import { valueAt } from '../../lib/shape.ts'
import { parseSecretName } from '../account/secret-entry.ts'

/** How many items are looked at. More fit into a class only if they have hardly any keys. */
const maxItems = 1000

/**
 * Reads only the names of the Secrets that a class requests, whatever else is wrong with the class.
 *
 * @param secretObjects - any JSON
 * @returns valid names, each once
 */
export function readClaims(secretObjects: unknown): readonly string[] {
  if (!Array.isArray(secretObjects)) return []
  const names = new Set<string>()
  for (const item of secretObjects.slice(0, maxItems)) {
    const name = parseSecretName(valueAt(item, 'secretName'))
    if (name.kind === 'valid') names.add(copyOf(name.value))
  }
  return [...names]
}

/** A parsed string may refer to the whole text that it was parsed from. */
const copyOf = (text: string): string => Buffer.from(text).toString()
