import jsonpatch, { type Operation } from 'fast-json-patch'
import type { JsonObject } from '../../lib/shape.ts'
import type { Pod } from '../../webhook/core/model/pod.ts'

/** Applies a patch to a copy of the pod, as the API server does. */
export function applyPatch(pod: JsonObject, operations: readonly Operation[]): Pod {
  const copy = structuredClone(pod)
  return jsonpatch.applyPatch(copy, structuredClone([...operations])).newDocument as unknown as Pod
}
