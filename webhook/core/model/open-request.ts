import type { Problem } from '../../../lib/problems/problem.ts'
import {
  type Annotations,
  isTurnedOff,
  readOwnAnnotations,
} from '../../../requests/annotations/keys/own-annotations.ts'
import type { AdmissionRequest } from './admission-review.ts'
import { mayHaveClassVolumes } from './find-class-volumes.ts'
import { denied, type Outcome, type SkipReason, skipped } from './outcome.ts'
import { type Pod, readMetadata, readPod } from './pod.ts'

/** A request whose pod asks for something, or the outcome of any other request. */
type OpenedRequest =
  | { readonly kind: 'decided'; readonly outcome: Outcome }
  | {
      readonly kind: 'open'
      readonly pod: Pod
      /** All of the pod. Values may not be strings. */
      readonly annotations: Readonly<Record<string, unknown>>
      /** Our annotations, prefix removed. */
      readonly ownAnnotations: Annotations
      /** Those of our annotations that aren't strings. */
      readonly notStrings: readonly Problem[]
      readonly isAnnotated: boolean
    }

/**
 * Finds the pod and our annotations in a request.
 *
 * @param options - `servesVolumes`: volumes of the CSI driver count as a request, too
 */
export function openRequest(
  request: AdmissionRequest,
  { servesVolumes }: { readonly servesVolumes: boolean },
): OpenedRequest {
  const reason = skipReason(request)
  if (reason !== undefined) return decided(skipped(reason))

  const metadata = readMetadata(request.object)
  if (metadata.kind === 'invalid') return deniedAs(metadata.problem)
  const annotations = metadata.value.annotations ?? {}
  if (annotations[mirrorAnnotation] !== undefined) return decided(skipped('mirror-pod'))
  const { own: ownAnnotations, problems: notStrings } = readOwnAnnotations(annotations)
  const isAnnotated = Object.keys(ownAnnotations).length + notStrings.length > 0
  if (!isAnnotated && !(servesVolumes && mayHaveClassVolumes(request.object)))
    return decided(skipped('not-annotated'))
  if (isTurnedOff(ownAnnotations)) return decided(skipped('turned-off'))

  const pod = readPod(request.object)
  if (pod.kind === 'invalid') return deniedAs(pod.problem)
  return { kind: 'open', pod: pod.value, annotations, ownAnnotations, notStrings, isAnnotated }
}

function skipReason(request: AdmissionRequest): SkipReason | undefined {
  const { group, kind, operation, subResource } = request
  if (group !== '' || kind !== 'Pod') return 'not-a-pod'
  if (operation !== 'CREATE') return 'not-create'
  return subResource === '' ? undefined : 'subresource'
}

/** The kubelet sets it on the mirror pod that represents a static pod in the API server. */
const mirrorAnnotation = 'kubernetes.io/config.mirror'

const decided = (outcome: Outcome): OpenedRequest => ({ kind: 'decided', outcome })
const deniedAs = (sentence: string): OpenedRequest =>
  decided(denied([{ path: [], subject: 'the pod', sentence }]))
