import { maxServedVolumes } from '../../../delivery/contract.ts'
import { namesClient } from '../../../requests/class/class-parameters.ts'
import type { Lookup } from '../../../requests/class/looked-up.ts'
import { azureParametersOf } from '../../../requests/class/read-class.ts'
import type { AdmissionRequest } from '../model/admission-review.ts'
import { findClassVolumes } from '../model/find-class-volumes.ts'
import { isWindows } from '../model/is-windows.ts'
import { openRequest } from '../model/open-request.ts'
import { accountOf, isAccountName } from './account.ts'
import { classToLookUp } from './open-class.ts'

/**
 * The SecretProviderClasses that `mutate` has to know to decide about the request, in the namespace of the request. They
 * are valid names of objects, each once, and at most `maxServedVolumes` of them. None is needed if the outcome doesn't
 * depend on any.
 */
export function classesNeeded(request: AdmissionRequest): readonly string[] {
  const opened = openRequest(request, { servesVolumes: true })
  if (opened.kind === 'decided' || isWindows(opened.pod)) return []
  const volumes = findClassVolumes(opened.pod)
  if (volumes.length > maxServedVolumes) return []
  const names = volumes.flatMap((volume) => classToLookUp(volume, request.namespace) ?? [])
  return [...new Set(names)]
}

/**
 * The ServiceAccount that `mutate` has to know, too: the pod's, if it may have to name the client to sign in as. It is
 * the valid name of an object.
 *
 * @param classes - the results for {@link classesNeeded}
 */
export function accountNeeded(
  request: AdmissionRequest,
  classes: ReadonlyMap<string, Lookup>,
): string | undefined {
  const isNeeded = [...classes.values()].some((lookup) => {
    const parameters = lookup.kind === 'found' ? azureParametersOf(lookup.object) : undefined
    return parameters !== undefined && !namesClient(parameters)
  })
  if (!isNeeded) return undefined
  const opened = openRequest(request, { servesVolumes: true })
  if (opened.kind === 'decided' || opened.ownAnnotations['client-id'] !== undefined)
    return undefined
  const name = accountOf(opened.pod)
  return isAccountName(name) ? name : undefined
}
