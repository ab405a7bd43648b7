import type { JsonObject } from '../../lib/shape.ts'
import type { AdmissionRequest } from '../../webhook/core/model/admission-review.ts'

/** The request that the API server would send to the webhook to have the pod created. */
export const reviewRequest = ({
  pod,
  namespace,
}: {
  readonly pod: JsonObject
  readonly namespace: string
}): AdmissionRequest => ({
  uid: 'command-line',
  kind: 'Pod',
  group: '',
  operation: 'CREATE',
  subResource: '',
  namespace,
  dryRun: true,
  object: pod,
})
