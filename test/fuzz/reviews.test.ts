import fc from 'fast-check'
import t from 'tap'
import { readAdmissionReview } from '../../webhook/core/admission-review.ts'
import { mutate } from '../../webhook/core/mutate.ts'
import {
  anyPod,
  hostileAnnotations,
  requestFor,
  saneAnnotations,
} from '../webhook/core/arbitraries.ts'
import { policy } from '../webhook/core/policy.ts'
import { fuzz } from './fuzz.ts'

const kinds: readonly string[] = ['skipped', 'denied', 'injected']

t.test('any pod with any annotations gets an outcome', async (t) => {
  await fuzz(
    t,
    fc.property(anyPod(fc.oneof(saneAnnotations, hostileAnnotations)), (pod) =>
      kinds.includes(mutate(requestFor(pod), policy).kind),
    ),
  )
})

t.test('any JSON in place of a review gets an answer', async (t) => {
  await fuzz(
    t,
    fc.property(fc.jsonValue(), (review) => void readAdmissionReview(review)),
  )
})
