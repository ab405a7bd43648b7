import jsonpatch from 'fast-json-patch'
import t from 'tap'
import { readAdmissionReview } from '../../../webhook/core/admission-review.ts'
import { mutate } from '../../../webhook/core/mutate.ts'
import {
  admissionCases,
  policyWith,
  readOutcome,
  writeOutcome,
} from '../../support/admission-cases.ts'

/** UPDATE_GOLDEN=1 writes the outcomes anew, to be read in the diff. */
const updates = Boolean(process.env['UPDATE_GOLDEN'])

function requestOf(review: unknown) {
  const read = readAdmissionReview(review)
  if ('problem' in read) throw new Error(read.problem)
  return read.value
}

for (const { name, review, policyChanges } of admissionCases)
  t.test(name, async (t) => {
    const request = requestOf(review)
    const policy = policyWith(policyChanges)
    const outcome = mutate(request, policy)
    if (updates) writeOutcome(name, outcome)
    const expected = readOutcome(name)
    t.strictSame(JSON.parse(JSON.stringify(outcome)), expected)
    t.equal(JSON.stringify(outcome), JSON.stringify(expected), 'byte for byte')

    if (outcome.kind !== 'injected') return
    const object = structuredClone(request.object)
    jsonpatch.applyPatch(object, structuredClone([...outcome.operations]), true)
    t.strictSame(
      mutate({ ...request, object }, policy),
      { kind: 'skipped', reason: 'complete' },
      'reviewing the result adds nothing',
    )
  })

t.test('there are cases', async (t) => t.ok(admissionCases.length >= 138))
