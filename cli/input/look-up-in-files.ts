import type { LookedUp, LookedUpKind, Lookup } from '../../requests/class/looked-up.ts'
import { accountNeeded, classesNeeded } from '../../webhook/core/csi/needed-objects.ts'
import type { AdmissionRequest } from '../../webhook/core/model/admission-review.ts'
import { findObject } from './find-object.ts'
import type { FoundObject } from './find-objects.ts'

/**
 * Finds the objects that the webhook would look up for a request in the manifests.
 *
 * @param objects - as the file of the pod sees them
 */
export function lookUpInFiles(
  request: AdmissionRequest,
  objects: readonly FoundObject[],
): LookedUp {
  const lookUp = (kind: LookedUpKind, name: string): Lookup => {
    const found = findObject(objects, { kind, name, namespace: request.namespace })
    if (found === undefined) return { kind: 'not-in-files' }
    return found.unclear === undefined
      ? { kind: 'found', object: found.object }
      : { kind: 'unclear', sentence: found.unclear }
  }
  const names = classesNeeded(request)
  const classes = new Map(names.map((name) => [name, lookUp('SecretProviderClass', name)]))
  const account = accountNeeded(request, classes)
  return { classes, ...(account !== undefined && { account: lookUp('ServiceAccount', account) }) }
}
