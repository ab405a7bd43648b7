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
 * Finds the line and column of a part of an object. Undefined for the object itself, and for a part that it doesn't
 * have.
 */
export function findPosition(
  { manifest, path }: InDocument,
  part: FieldPath,
): FilePosition | undefined {
  const whole = [...path, ...part]
  return part.length > 0 && valueAt(toPlain(manifest), ...whole) !== undefined
    ? positionOf(manifest, whole)
    : undefined
}
