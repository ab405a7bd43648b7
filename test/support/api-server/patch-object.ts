import jsonpatch, { type Operation } from 'fast-json-patch'
import { type ApiAnswer, failure } from './api-answer.ts'
import type { ApiObject } from './api-object.ts'

type Data = Readonly<Record<string, unknown>>

/**
 * Applies a JSON, merge or strategic merge patch to an object.
 *
 * @returns the patched object, or the API server's refusal
 */
export function patchObject(
  object: ApiObject,
  { contentType, body }: { readonly contentType: string; readonly body: unknown },
): { readonly object: ApiObject } | { readonly refusal: ApiAnswer } {
  switch (contentType) {
    case 'application/json-patch+json':
      return applyOperations(object, body as readonly Operation[])
    case 'application/merge-patch+json':
      return applyMerge(object, { patch: body as Data, isStrategic: false })
    case 'application/strategic-merge-patch+json':
      return applyMerge(object, { patch: body as Data, isStrategic: true })
    default:
      return { refusal: failure(415, 'UnsupportedMediaType') }
  }
}

function applyOperations(object: ApiObject, operations: readonly Operation[]) {
  try {
    const copy = structuredClone([...operations])
    return { object: jsonpatch.applyPatch(structuredClone(object), copy, true).newDocument }
  } catch {
    return { refusal: failure(422, 'Invalid', 'the server rejected our request') }
  }
}

/** A uid or a version in a patch is a precondition. */
function applyMerge(
  object: ApiObject,
  { patch, isStrategic }: { readonly patch: Data; readonly isStrategic: boolean },
) {
  const { uid, resourceVersion } = (patch['metadata'] ?? {}) as Partial<ApiObject['metadata']>
  const { metadata } = object
  if (
    (uid ?? metadata.uid) !== metadata.uid ||
    (resourceVersion ?? metadata.resourceVersion) !== metadata.resourceVersion
  )
    return { refusal: failure(409, 'Conflict', 'the object has been modified') }
  return { object: merge(object, patch, isStrategic) as ApiObject }
}

/** Maps merge and null deletes. A strategic merge patch also merges webhooks, by their names. */
function merge(object: Data, patch: Data, isStrategic: boolean): Data {
  const merged: Record<string, unknown> = { ...object }
  for (const [key, value] of Object.entries(patch))
    if (value === null) delete merged[key]
    else if (key === 'webhooks' && isStrategic)
      merged[key] = mergeByName((object[key] ?? []) as readonly Data[], value as readonly Data[])
    else if (isData(value)) merged[key] = merge((merged[key] ?? {}) as Data, value, isStrategic)
    else merged[key] = value
  return merged
}

const mergeByName = (list: readonly Data[], patches: readonly Data[]): readonly Data[] =>
  list.map((entry) => {
    const patch = patches.find(({ name }) => name === entry['name'])
    return patch ? merge(entry, patch, true) : entry
  })

const isData = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
