import { randomUUID } from 'node:crypto'
import type { LookedUp } from '../../requests/class/looked-up.ts'
import type { AdmissionRequest } from '../core/model/admission-review.ts'
import type { Outcome } from '../core/model/outcome.ts'
import { admissionResponse, failureResponse } from './admission-response.ts'

/** The core threw: an internal error. Its ID is in the log and in the answer, so that the two can be matched. */
interface Failed {
  readonly kind: 'failed'
  readonly id: string
  readonly error: unknown
}

export interface AdmissionAnswer {
  readonly outcome: Outcome | Failed
  /** The AdmissionReview to send. */
  readonly body: string
}

/** Decides about the pod of a request. Without `lookedUp`, volumes of the CSI driver are left alone. May throw. */
export type Decide = (request: AdmissionRequest, lookedUp?: LookedUp) => Outcome

/** Answers a request. Never throws: an internal error becomes a denial. */
export function answerRequest(request: AdmissionRequest, decide: Decide): AdmissionAnswer {
  try {
    const outcome = decide(request)
    return { outcome, body: admissionResponse(request.uid, outcome) }
  } catch (error) {
    const id = randomUUID()
    return { outcome: { kind: 'failed', id, error }, body: failureResponse(request.uid, id) }
  }
}
