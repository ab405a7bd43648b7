import { randomUUID } from 'node:crypto'
import type { AdmissionRequest } from '../core/admission-review.ts'
import type { Outcome } from '../core/outcome.ts'
import { admissionResponse, failureResponse } from './admission-response.ts'

/** The core threw: a fault of ours, which the log and the pod's owner can find by its id. */
export interface Failed {
  readonly kind: 'failed'
  readonly id: string
  readonly error: unknown
}

export interface AdmissionAnswer {
  readonly outcome: Outcome | Failed
  /** The AdmissionReview to send. */
  readonly body: string
}

/** What happens to the pod of a request. May throw. */
export type Decide = (request: AdmissionRequest) => Outcome

/** Never throws: whatever goes wrong on the way to an answerRequest is an answerRequest too. */
export function answerRequest(request: AdmissionRequest, decide: Decide): AdmissionAnswer {
  try {
    const outcome = decide(request)
    return { outcome, body: admissionResponse(request.uid, outcome) }
  } catch (error) {
    const id = randomUUID()
    return { outcome: { kind: 'failed', id, error }, body: failureResponse(request.uid, id) }
  }
}
