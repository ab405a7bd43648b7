import { readAdmissionReview } from '../../../webhook/core/model/admission-review.ts'
import { mutate } from '../../../webhook/core/mutate.ts'
import { policy } from '../../webhook/core/policy.ts'
import { assertSentence } from '../harness/hostile.ts'
import { readJson } from '../harness/read-json.ts'

/** What anybody may send to the webhook. */
export function fuzz(data: Buffer): void {
  const read = readAdmissionReview(readJson(data))
  if (read.kind === 'invalid') return
  const outcome = mutate(read.value, policy)
  if (outcome.kind === 'denied')
    for (const { sentence } of outcome.problems) assertSentence(sentence)
}
