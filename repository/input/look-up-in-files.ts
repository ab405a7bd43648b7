import type { LookedUp, LookedUpKind, Lookup } from '../../requests/class/looked-up.ts'
import { accountNeeded, classesNeeded } from '../../webhook/core/csi/needed-objects.ts'
import type { AdmissionRequest } from '../../webhook/core/model/admission-review.ts'
import { findElsewhere } from './objects/find-elsewhere.ts'
import { findNear } from './objects/find-near.ts'
import { findObject } from './objects/find-object.ts'
import type { FoundObject } from './objects/find-objects.ts'
import { findPossible } from './objects/find-possible.ts'

/**
 * Finds, in the manifests, the objects that the webhook would look up for a request.
 *
 * @param objects - the objects as the pod's file sees them
 */
export function lookUpInFiles(
  request: AdmissionRequest,
  objects: readonly FoundObject[],
): LookedUp {
  const lookUp = (kind: LookedUpKind, name: string): Lookup => {
    const wanted = { kind, name, namespace: request.namespace }
    const found = findObject(objects, wanted)
    if (found === undefined) {
      const sentence = findOther(objects, wanted)
      return sentence === undefined ? { kind: 'not-in-files' } : { kind: 'unclear', sentence }
    }
    return found.unclear === undefined
      ? { kind: 'found', object: found.object }
      : { kind: 'unclear', sentence: found.unclear }
  }
  const names = classesNeeded(request)
  const classes = new Map(names.map((name) => [name, lookUp('SecretProviderClass', name)]))
  const account = accountNeeded(request, classes)
  return { classes, ...(account !== undefined && { account: lookUp('ServiceAccount', account) }) }
}

/** Most ServiceAccounts aren't in the files, and each namespace has one with the name `default`. */
function findOther(
  objects: readonly FoundObject[],
  wanted: Pick<FoundObject, 'kind' | 'namespace' | 'name'>,
): string | undefined {
  if (wanted.kind === 'ServiceAccount')
    return wanted.name === 'default' ? undefined : findElsewhere(objects, wanted)
  return (
    findPossible(objects, wanted) ?? findElsewhere(objects, wanted) ?? findNear(objects, wanted)
  )
}
