import * as property from '../../../keyvault/formats/property.ts'
import type { Parsed } from '../../../lib/problems/parsed.ts'

/** Gives what a function finds in a JSON text, or the problem with that text. */
export function inDocument<T>(
  json: string,
  find: (document: property.JsonDocument) => T,
): T | Extract<Parsed<never>, { problem: string }> {
  const document = property.readJsonDocument(json)
  return document.kind === 'invalid' ? document : find(document.value)
}
export const pickProperty = (json: string, path: string, lookup?: 'annotation' | 'gjson') =>
  inDocument(json, (document) =>
    property.pickProperty(document, path, { ...(lookup && { lookup }) }),
  )
export const allProperties = (json: string) => inDocument(json, property.allProperties)
