import { isObject, type JsonObject } from '../../lib/shape.ts'

/** The annotations of an object, unchecked. */
export function annotationsOf(object: JsonObject | undefined): JsonObject {
  const metadata = object?.['metadata']
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined
  return isObject(annotations) ? annotations : {}
}
