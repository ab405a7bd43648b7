import { printable } from '../../../lib/printable.ts'
import { nearestName } from '../../../lib/problems/did-you-mean.ts'
import { maxProblems, type Problem } from '../../../lib/problems/problem.ts'
import { objectAt } from '../../../lib/shape.ts'
import { annotationPrefix } from '../../../requests/annotations/keys/own-annotations.ts'

/**
 * Finds annotations and labels whose prefix looks like ours, such as `akv-inject.io/secrets`. The API server accepts
 * them, but nothing reads them.
 *
 * @param object - an object with `metadata`, not validated
 */
export const findNearMisses = (object: unknown): readonly Problem[] =>
  ['annotations', 'labels'].flatMap((member) =>
    Object.keys(objectAt(object, 'metadata', member))
      .filter(isNearMiss)
      .slice(0, maxProblems)
      .map((key) => ({
        path: ['metadata', member, key],
        subject: printable(key, 120),
        sentence: `its prefix isn't ${annotationPrefix}, so it has no effect; did you mean the annotation ${annotationPrefix}${printable(key.slice(key.indexOf('/') + 1), 63)}?`,
      })),
  )

const domain = annotationPrefix.slice(0, -1)

function isNearMiss(key: string): boolean {
  const slash = key.indexOf('/')
  const prefix = key.slice(0, Math.max(slash, 0))
  return prefix !== domain && nearestName(prefix, [domain]) !== undefined
}
