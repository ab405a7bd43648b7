import jsonpatch, { type Operation } from 'fast-json-patch'
import type { JsonObject } from '../../lib/shape.ts'
import type { Pod } from '../../webhook/core/pod.ts'

/** The pod with a patch carried out, as the API server does it; the given one stays as it is. */
export function applyPatch(pod: JsonObject, operations: readonly Operation[]): Pod {
  const copy = structuredClone(pod)
  return jsonpatch.applyPatch(copy, structuredClone([...operations])).newDocument as unknown as Pod
}
