import type { AdmissionRequest } from './admission-review.ts'
import { isTurnedOff, readOwnAnnotations } from './annotations/own-annotations.ts'
import { readPodAnnotations } from './annotations/read-pod-annotations.ts'
import { boundWarnings } from './injection/checks/bound-warnings.ts'
import { patchOperations } from './injection/patch.ts'
import { planInjection } from './injection/plan-injection.ts'
import { denied, injected, type Outcome, type SkipReason, skipped } from './outcome.ts'
import { readMetadata, readPod } from './pod.ts'
import type { Policy } from './policy.ts'

/**
 * Decides about the pod of an admission request (docs/specification.md, "Admission"). Pure: the same request gives the
 * same outcome, and a review of our own result adds nothing.
 */
export function mutate(request: AdmissionRequest, policy: Policy): Outcome {
  const reason = skipReason(request)
  if (reason !== undefined) return skipped(reason)

  const metadata = readMetadata(request.object)
  if ('problem' in metadata) return deniedAs(metadata.problem)
  const annotations = metadata.value.annotations ?? {}
  if (annotations[mirrorAnnotation] !== undefined) return skipped('mirror-pod')
  const { own, problems: notStrings } = readOwnAnnotations(annotations)
  if (Object.keys(own).length + notStrings.length === 0) return skipped('not-annotated')
  if (isTurnedOff(own)) return skipped('turned-off')

  const pod = readPod(request.object)
  if ('problem' in pod) return deniedAs(pod.problem)
  const read = readPodAnnotations(own, { policy, namespace: request.namespace })
  const planned = planInjection(pod.value, read.request, policy)
  const problems = [...notStrings, ...read.problems, ...planned.problems]
  if (problems.length > 0) return denied(problems)

  const operations = patchOperations(pod.value, planned.plan)
  return operations.length === 0
    ? skipped('complete')
    : injected(operations, boundWarnings(planned.warnings))
}

function skipReason(request: AdmissionRequest): SkipReason | undefined {
  const { group, kind, operation, subResource } = request
  if (group !== '' || kind !== 'Pod') return 'not-a-pod'
  if (operation !== 'CREATE') return 'not-create'
  return subResource === '' ? undefined : 'subresource'
}

/** The kubelet sets it on the mirror pod that represents a static pod in the API server. */
const mirrorAnnotation = 'kubernetes.io/config.mirror'

const deniedAs = (sentence: string): Outcome => denied([{ subject: 'the pod', sentence }])
