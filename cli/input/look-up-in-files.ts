import type { LookedUp, LookedUpKind, Lookup } from '../../requests/class/looked-up.ts'
import { accountNeeded, classesNeeded } from '../../webhook/core/csi/needed-objects.ts'
import type { AdmissionRequest } from '../../webhook/core/model/admission-review.ts'
import { findObject } from './find-object.ts'
import type { FoundObject } from './find-objects.ts'

/**
 * Finds the objects that the webhook would look up for a request in the manifests. If several have the same name, the last
 * one counts, as with `kubectl apply`.
 */
export function lookUpInFiles(
  request: AdmissionRequest,
  objects: readonly FoundObject[],
): LookedUp {
  const lookUp = (kind: LookedUpKind, name: string): Lookup => {
    const found = findObject(objects, { kind, name, namespace: request.namespace })
    return found === undefined ? { kind: 'not-in-files' } : { kind: 'found', object: found.object }
  }
  const names = classesNeeded(request)
  const classes = new Map(names.map((name) => [name, lookUp('SecretProviderClass', name)]))
  const account = accountNeeded(request, classes)
  return { classes, ...(account !== undefined && { account: lookUp('ServiceAccount', account) }) }
}
