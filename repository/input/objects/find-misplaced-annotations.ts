import { annotationPath, type Problem } from '../../../lib/problems/problem.ts'
import type { MisplacedAnnotation, PodTemplate } from './find-objects.ts'

/** One of our annotations on a workload instead of its pod template, where it has no effect and causes no error. */
interface Misplaced extends MisplacedAnnotation {
  readonly problem: Problem
}

/** Finds misplaced annotations, and says where they belong. */
export function findMisplacedAnnotations({ misplaced, path }: PodTemplate): readonly Misplaced[] {
  return misplaced.map((annotation) => ({
    ...annotation,
    problem: {
      path: annotationPath(annotation.key),
      sentence: `does nothing here, because ${annotation.isOnPod ? 'only the one on the pod template counts; remove it' : `the webhook reads pods; move it to ${[...path, 'metadata', 'annotations'].join('.')}`}`,
    },
  }))
}
