import { maxServedVolumes } from '../../../init-agent/contract.ts'
import type { AdmissionRequest } from '../admission-review.ts'
import { openRequest } from '../open-request.ts'
import { isWindows } from '../pod.ts'
import { accountOf, isAccountName } from './account.ts'
import { namesClient } from './class-parameters.ts'
import { findClassVolumes } from './find-class-volumes.ts'
import type { Lookup } from './looked-up.ts'
import { classToLookUp } from './open-class.ts'
import { azureParametersOf } from './read-class.ts'

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
  if (opened.kind === 'decided' || opened.own['client-id'] !== undefined) return undefined
  const name = accountOf(opened.pod)
  return isAccountName(name) ? name : undefined
}
