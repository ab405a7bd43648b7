import { type JsonObject, objectAt } from '../../../lib/shape.ts'

/** The annotations of an object, unchecked. */
export const annotationsOf = (object: unknown): JsonObject =>
  objectAt(object, 'metadata', 'annotations')
