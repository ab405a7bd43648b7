import type { AdmissionRequest } from './admission-review.ts'
import { isTurnedOff, readOwnAnnotations } from './annotations/own-annotations.ts'
import { readPodAnnotations } from './annotations/read-pod-annotations.ts'
import { boundWarnings } from './injection/checks/bound-warnings.ts'
import { patchOperations } from './injection/patch.ts'
import { planInjection } from './injection/plan-injection.ts'
import { denied, type Outcome, type SkipReason, skipped } from './outcome.ts'
import { readMetadata, readPod } from './pod.ts'
import type { Policy } from './policy.ts'

/**
 * Decides what happens to the pod of an admission request (docs/specification.md, "Admission"). Pure, and the same for
 * the same input; reviewing its own result adds nothing.
 */
export function mutate(request: AdmissionRequest, policy: Policy): Outcome {
  const reason = skipReason(request)
  if (reason !== undefined) return skipped(reason)

  const metadata = readMetadata(request.object)
  if ('problem' in metadata) return denied([{ subject: 'the pod', sentence: metadata.problem }])
  const annotations = metadata.value.annotations ?? {}
  if (annotations[mirrorAnnotation] !== undefined) return skipped('mirror-pod')
  const { own, problems: unreadable } = readOwnAnnotations(annotations)
  if (Object.keys(own).length + unreadable.length === 0) return skipped('not-annotated')
  if (isTurnedOff(own)) return skipped('turned-off')

  const pod = readPod(request.object)
  if ('problem' in pod) return denied([{ subject: 'the pod', sentence: pod.problem }])
  const { request: wanted, problems } = readPodAnnotations(own, {
    policy,
    namespace: request.namespace,
  })
  const { plan, problems: obstacles, warnings } = planInjection(pod.value, wanted, policy)
  const all = [...unreadable, ...problems, ...obstacles]
  if (all.length > 0) return denied(all)

  const operations = patchOperations(pod.value, plan)
  return operations.length === 0
    ? skipped('complete')
    : { kind: 'injected', operations, warnings: boundWarnings(warnings) }
}

/** Set by the kubelet on the API server's image of a static pod. */
const mirrorAnnotation = 'kubernetes.io/config.mirror'

function skipReason({
  group,
  kind,
  operation,
  subResource,
}: AdmissionRequest): SkipReason | undefined {
  if (group !== '' || kind !== 'Pod') return 'not-a-pod'
  if (operation !== 'CREATE') return 'not-create'
  return subResource === '' ? undefined : 'subresource'
}
