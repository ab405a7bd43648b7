import { policyOf } from '../../requests/administrator/defaults/namespace-policy.ts'
import type { Policy } from '../../requests/administrator/policy.ts'
import { annotatedBinding, chooseBinding } from '../../requests/annotations/identity-binding.ts'
import {
  type PodRequest,
  readPodAnnotations,
} from '../../requests/annotations/read-pod-annotations.ts'
import type { LookedUp } from '../../requests/class/looked-up.ts'
import { boundWarnings } from './checks/bound-warnings.ts'
import { markOptional } from './csi/optional-files.ts'
import { readServedVolumes, type ServedVolumes } from './csi/read-served-volumes.ts'
import { patchOperations } from './injection/patch.ts'
import type { AdmissionRequest } from './model/admission-review.ts'
import { storedDefaults } from './model/earlier-choices.ts'
import { openRequest } from './model/open-request.ts'
import { denied, injected, type Outcome, skipped } from './model/outcome.ts'
import { planInjection } from './plan-injection.ts'

/**
 * Decides about the pod of an admission request (docs/specification.md, "Admission"). Pure: the same request and objects
 * give the same outcome, and a review of our own result adds nothing.
 *
 * @param lookedUp - the objects that `classesNeeded` and `accountNeeded` ask for. Without it, volumes of the CSI driver
 *   are left alone.
 */
export function mutate(
  request: AdmissionRequest,
  administrator: Policy,
  lookedUp?: LookedUp,
): Outcome {
  const opened = openRequest(request, { servesVolumes: lookedUp !== undefined })
  if (opened.kind === 'decided') return opened.outcome
  const { pod, annotations, ownAnnotations, notStrings, isAnnotated } = opened
  const { namespace } = request
  const policy = policyOf(administrator, {
    namespace,
    annotations: ownAnnotations,
    stored: storedDefaults(pod),
  })

  const served = lookedUp && readServedVolumes(pod, { ownAnnotations, policy, namespace, lookedUp })
  if (!isAnnotated && !asksForVolumes(served))
    return skipped(served?.leftToDriver ?? 'not-annotated')

  const read = readPodAnnotations(ownAnnotations, {
    policy,
    namespace,
    hasVolumes: asksForVolumes(served),
  })
  const binding = chooseBinding(
    annotatedBinding(annotations, read.request['identity-binding']),
    served?.bindings ?? [],
    policy,
  )
  const wanted = {
    ...(served === undefined ? read.request : withVolumes(read.request, served, policy)),
    'identity-binding': binding.usesBinding,
  }
  const planned = planInjection(pod, wanted, policy)
  const problems = [
    ...notStrings,
    ...read.problems,
    ...(served?.problems ?? []),
    ...binding.problems,
    ...planned.problems,
  ]
  if (problems.length > 0) return denied(problems)

  const operations = patchOperations(pod, planned.plan)
  return operations.length === 0
    ? skipped('complete')
    : injected(
        operations,
        boundWarnings([...(served?.warnings ?? []), ...planned.warnings]),
        policy.usedDefaults,
      )
}

const asksForVolumes = (served?: ServedVolumes): boolean =>
  served !== undefined && served.volumes.length + served.problems.length > 0

/** Adds what a pod's volumes ask for to what its annotations ask for. The annotations take precedence. */
function withVolumes(request: PodRequest, served: ServedVolumes, policy: Policy): PodRequest {
  if (served.volumes.length === 0) return request
  const { clientId, tenantId } = served.identity
  return {
    refresh: policy.csiRefreshSeconds,
    ...(clientId !== undefined && { 'client-id': clientId }),
    ...(tenantId !== undefined && { 'tenant-id': tenantId }),
    ...request,
    files: [...request.files, ...markOptional(served.files, request['optional-objects'])],
    volumes: served.volumes,
  }
}
