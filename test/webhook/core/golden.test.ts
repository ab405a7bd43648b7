import t, { type Test } from 'tap'
import { accountNeeded, classesNeeded } from '../../../webhook/core/csi/needed-objects.ts'
import { readAdmissionReview } from '../../../webhook/core/model/admission-review.ts'
import { mutate } from '../../../webhook/core/mutate.ts'
import {
  type AdmissionCase,
  admissionCases,
  policyWith,
  readOutcome,
  type ShownOutcome,
  seedCases,
  showOutcome,
  writeOutcome,
} from '../../support/golden/admission-cases.ts'
import { updatesGolden } from '../../support/needs/updates-golden.ts'
import { patchedPod } from './patched-pod.ts'

const updates = updatesGolden()

function requestOf(review: unknown) {
  const read = readAdmissionReview(review)
  if (read.kind === 'invalid') throw new Error(read.problem)
  return read.value
}

function checkCase(
  t: Test,
  { name, review, policyChanges, lookedUp }: AdmissionCase,
  outcomes: {
    readonly readOutcome: (name: string) => ShownOutcome
    readonly writeOutcome: (name: string, outcome: ShownOutcome) => void
  },
): void {
  const request = requestOf(review)
  const policy = policyWith(policyChanges)
  const outcome = mutate(request, policy, lookedUp)
  const shown = showOutcome(outcome)
  if (updates) outcomes.writeOutcome(name, shown)
  const expected = outcomes.readOutcome(name)
  t.strictSame(JSON.parse(JSON.stringify(shown)), expected)
  t.equal(JSON.stringify(shown), JSON.stringify(expected), 'byte for byte')

  if (outcome.kind !== 'injected') return
  const again = { ...request, object: patchedPod(request.object, outcome) }
  t.strictSame(
    mutate(again, policy, lookedUp),
    { kind: 'skipped', reason: 'complete' },
    'reviewing the result adds nothing',
  )
  if (lookedUp === undefined) return
  t.strictSame(classesNeeded(again).toSorted(), classesNeeded(request).toSorted(), 'the same again')
  t.equal(accountNeeded(again, lookedUp.classes), accountNeeded(request, lookedUp.classes))
}

for (const admissionCase of admissionCases)
  t.test(admissionCase.name, async (t) => {
    checkCase(t, admissionCase, { readOutcome, writeOutcome })
  })

/** A pod without volumes of the driver has the same outcome where such volumes are served. */
for (const { name, review, policyChanges } of admissionCases)
  t.test(`${name}: the same in a namespace whose volumes are served`, async (t) => {
    const request = requestOf(review)
    t.strictSame(classesNeeded(request), [])
    const outcome = mutate(request, policyWith(policyChanges), { classes: new Map() })
    t.equal(JSON.stringify(showOutcome(outcome)), JSON.stringify(readOutcome(name)))
  })

for (const admissionCase of seedCases.cases)
  t.test(`seeds: ${admissionCase.name}`, async (t) => {
    checkCase(t, admissionCase, seedCases)
    if (admissionCase.lookedUp === undefined) return
    const needed = classesNeeded(requestOf(admissionCase.review))
    t.strictSame([...admissionCase.lookedUp.classes.keys()].toSorted(), needed.toSorted())
  })

t.test('there are cases', async (t) => {
  t.ok(admissionCases.length >= 138)
  t.ok(seedCases.cases.length >= 60)
})
