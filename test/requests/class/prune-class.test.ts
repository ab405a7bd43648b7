import fc from 'fast-check'
import t, { type Test } from 'tap'
import { pruneClass } from '../../../requests/class/prune-class.ts'
import { mutate } from '../../../webhook/core/mutate.ts'
import { seedCases } from '../../support/golden/admission-cases.ts'
import { numRuns } from '../../support/property-runs.ts'
import { csiPod, exampleClass, parameters, requestOf } from '../../webhook/core/csi/example.ts'
import { policy } from '../../webhook/core/policy.ts'

const outcomeWith = (lookup: ReturnType<typeof pruneClass>) =>
  JSON.stringify(mutate(requestOf(csiPod()), policy, { classes: new Map([['azure-kv', lookup]]) }))

function checkSameOutcome(t: Test, object: unknown, message: string): void {
  t.equal(outcomeWith(pruneClass(object)), outcomeWith({ kind: 'found', object }), message)
}

t.test('a pruned class gives the same outcome', async (t) => {
  for (const { name, lookedUp } of seedCases.cases)
    for (const lookup of lookedUp?.classes.values() ?? [])
      if (lookup.kind === 'found') checkSameOutcome(t, lookup.object, name)
})

t.test('a pruned class of arbitrary JSON gives the same result', async (t) => {
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom(...Object.values(parameters), 'true', ' '))
  const names = fc.oneof(
    fc.constantFrom(...Object.keys(parameters), 'tenantID', 'usePodIdentity', '__proto__', 'x'),
    fc.string(),
  )
  const classes = fc.oneof(
    fc.jsonValue(),
    fc.record({ spec: fc.jsonValue() }),
    fc.record({
      spec: fc.record({
        provider: fc.oneof({ weight: 9, arbitrary: fc.constant('azure') }, fc.jsonValue()),
        parameters: fc.oneof(fc.dictionary(names, value), fc.jsonValue()),
        secretObjects: fc.oneof(
          fc.array(fc.record({ secretName: fc.jsonValue() })),
          fc.jsonValue(),
        ),
      }),
    }),
  )
  fc.assert(
    fc.property(
      classes,
      (object) => outcomeWith(pruneClass(object)) === outcomeWith({ kind: 'found', object }),
    ),
    { numRuns },
  )
  t.pass(`${numRuns} runs`)
})

t.test('parameters that no pod could use are not kept', async (t) => {
  const lookup = pruneClass(
    exampleClass({ objects: 'x'.repeat(65_000), clientID: 'y'.repeat(1_000) }),
  )
  t.match(lookup, {
    kind: 'failed',
    reason: /^its parameters have 66\d{3} characters; accepted: at most 65536$/,
  })
})
