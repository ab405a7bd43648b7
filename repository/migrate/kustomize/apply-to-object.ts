import jsonpatch, { type Operation } from 'fast-json-patch'
import { isObject, type JsonObject } from '../../../lib/shape.ts'

/**
 * Applies a Kustomize patch to an object. For a custom resource, a strategic merge patch is a JSON merge patch (RFC
 * 7396), and so it is for the parts of a ServiceAccount that matter here.
 *
 * @param patch - the fields to merge, or the operations of a JSON patch
 * @returns undefined if the patch has directives, or can't be applied
 */
export function applyToObject(object: JsonObject, patch: unknown): JsonObject | undefined {
  if (Array.isArray(patch)) return applyOperations(object, patch)
  if (!isObject(patch) || JSON.stringify(patch).includes('"$')) return undefined
  const { apiVersion: _, kind: __, metadata, ...rest } = patch
  const { name: ___, namespace: ____, ...more } = isObject(metadata) ? metadata : {}
  const merged = merge(object, { ...rest, metadata: more })
  return isObject(merged) ? merged : undefined
}

function applyOperations(object: JsonObject, operations: readonly unknown[]) {
  const copy = structuredClone({ ...object })
  try {
    // The last argument makes it validate the operations, which come from a file.
    const { newDocument } = jsonpatch.applyPatch(copy, operations as Operation[], true)
    return isObject(newDocument) ? newDocument : undefined
  } catch {
    return undefined
  }
}

function merge(value: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const merged = new Map(Object.entries(isObject(value) ? value : {}))
  for (const [key, inner] of Object.entries(patch))
    if (inner === null) merged.delete(key)
    else merged.set(key, merge(merged.get(key), inner))
  return Object.fromEntries(merged)
}
