import { createHash } from 'node:crypto'
import { isObject, type JsonObject } from '../../lib/shape.ts'

/**
 * The version of an object's spec, labels and annotations, as the External Secrets Operator computes it for
 * `status.syncedResourceVersion`: others compare the two to see whether a change has been synced.
 */
export function objectRevision({ generation, labels, annotations }: JsonObject): string {
  const text = `{annotations:${mapText(annotations)} labels:${mapText(labels)}}`
  return `${generation ?? 0}-${createHash('sha3-224').update(text).digest('hex')}`
}

/** A map of strings as Go prints it. */
function mapText(map: unknown): string {
  const entries = Object.entries(isObject(map) ? map : {}).sort(([a], [b]) => (a < b ? -1 : 1))
  return `map[${entries.map(([name, text]) => `${name}:${text}`).join(' ')}]`
}
