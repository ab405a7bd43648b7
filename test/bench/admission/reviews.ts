import { readAdmissionReview } from '../../../webhook/core/model/admission-review.ts'
import { mutate } from '../../../webhook/core/mutate.ts'
import { admissionResponse } from '../../../webhook/http/admission-response.ts'
import { exampleReview } from '../../webhook/http/review.ts'
import { testSettings } from '../../webhook/http/test-settings.ts'
import { smallReviews } from '../varied-reviews.ts'
import { servedReviews } from './served-reviews.ts'

/** Which reviews to send: of annotated pods, of pods with a served volume, or of pods with 400 secrets. */
export type Reviews = 'annotated' | 'served' | 'large'

const bodies: Readonly<Record<Reviews, () => readonly string[]>> = {
  annotated: () => smallReviews(400),
  served: () => servedReviews(400),
  large: () =>
    [380, 480, 580].map((secrets) =>
      JSON.stringify(exampleReview({ annotations: manySecrets(secrets) })),
    ),
}

const manySecrets = (count: number) => ({
  'akv-injector.io/vault': 'team-a',
  'akv-injector.io/secrets': Array.from({ length: count }, (_, i) => `secret-number-${i}`).join(),
})

const made = new Map<Reviews, readonly string[]>()
/** The reviews as JSON, made once for each process. */
export function reviewsOf(kind: Reviews): readonly string[] {
  const found = made.get(kind) ?? bodies[kind]()
  made.set(kind, found)
  return found
}

/** What the webhook answers to each of the reviews, by their UIDs. */
export function answersByUid(kind: Reviews): Readonly<Record<string, string>> {
  const { policy } = testSettings('unused')
  const answers = reviewsOf(kind).map((text) => {
    const review = readAdmissionReview(JSON.parse(text))
    if (review.kind === 'invalid') throw new Error(review.problem)
    const { uid } = review.value
    return [uid, admissionResponse(uid, mutate(review.value, policy))]
  })
  return Object.fromEntries(answers)
}
