import type { AdmissionRequest } from './admission-review.ts'
import { type Outcome, skipped } from './outcome.ts'
import type { Policy } from './policy.ts'

/** Decides what happens to the pod of an admission request. Pure, and the same for the same input. */
export function mutate(_request: AdmissionRequest, _policy: Policy): Outcome {
  return skipped('not-annotated')
}
