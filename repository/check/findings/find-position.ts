import type { FieldPath } from '../../../lib/problems/problem.ts'
import { valueAt } from '../../../lib/shape.ts'
import type { Manifest } from '../../input/document/manifest.ts'
import { positionOf } from '../../input/document/position-of.ts'
import { toPlain } from '../../input/document/to-plain.ts'
import type { FilePosition } from '../../input/text/file-error.ts'

/** An object or a pod template in a document. */
export interface InDocument {
  readonly manifest: Manifest
  readonly path: FieldPath
}

/**
 * Finds the line and column of a part of an object, or, if the object doesn't have it, of what it would be in. Undefined
 * for the object itself.
 */
export function findPosition(
  { manifest, path }: InDocument,
  part: FieldPath,
): FilePosition | undefined {
  for (let length = part.length; length > 0; length--) {
    const whole = [...path, ...part.slice(0, length)]
    if (valueAt(toPlain(manifest), ...whole) !== undefined) return positionOf(manifest, whole)
  }
  return undefined
}
