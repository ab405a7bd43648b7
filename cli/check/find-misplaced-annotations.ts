import { annotationPrefix } from '../../webhook/core/annotations/own-annotations.ts'
import type { PodTemplate } from '../input/find-objects.ts'

/** Warns about our annotations on a workload instead of its pod template: nothing is denied, and nothing happens. */
export function findMisplacedAnnotations({
  ownerAnnotations,
  path,
}: PodTemplate): readonly string[] {
  const misplaced = Object.keys(ownerAnnotations).filter((key) => key.startsWith(annotationPrefix))
  return misplaced.length === 0
    ? []
    : [
        `${misplaced.join(', ')} on the workload itself does nothing; it belongs under ${[...path, 'metadata', 'annotations'].join('.')}`,
      ]
}
