import type { ObjectReference } from '../reference.ts'
import type { ObjectReader } from './object-reader.ts'

/** Carries out one request of a reader: may delay, refuse, count or repeat it. */
type AroundRequest = <T>(reference: ObjectReference, request: () => Promise<T>) => Promise<T>

/** Returns a reader that makes each request of `reader` through `around`. */
export function wrapReader(reader: ObjectReader, around: AroundRequest): ObjectReader {
  return {
    read: (reference, signal) => around(reference, () => reader.read(reference, signal)),
    listVersions: (reference, signal) =>
      around(reference, () => reader.listVersions(reference, signal)),
  }
}
