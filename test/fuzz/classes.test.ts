import fc from 'fast-check'
import t from 'tap'
import { describeField } from '../../lib/problems/problem.ts'
import { isObject } from '../../lib/shape.ts'
import { pruneClass } from '../../requests/class/prune-class.ts'
import { accountNeeded, classesNeeded } from '../../webhook/core/csi/needed-objects.ts'
import type { Outcome } from '../../webhook/core/model/outcome.ts'
import { describeWarning } from '../../webhook/core/model/outcome.ts'
import { mutate } from '../../webhook/core/mutate.ts'
import { seedCases } from '../support/golden/admission-cases.ts'
import { requestFor } from '../webhook/core/arbitraries.ts'
import { csiPod, csiVolume, exampleClass } from '../webhook/core/csi/example.ts'
import { patchedPod } from '../webhook/core/patched-pod.ts'
import { policy } from '../webhook/core/policy.ts'
import { fuzz } from './harness/fuzz.ts'
import { assertSentence, pumped } from './harness/hostile.ts'
import { mutatedJson } from './harness/mutated-json.ts'
import { yamlPieces } from './harness/pieces.ts'
import { assertCheap } from './harness/review-cost.ts'

const found = seedCases.cases.flatMap(({ review, lookedUp }) =>
  [...(lookedUp?.classes.values() ?? [])].flatMap((lookup) =>
    lookup.kind === 'found' ? [{ pod: review.request['object'], class: lookup.object }] : [],
  ),
)
const names = [
  'clientID',
  'objects',
  'constructor',
  '__proto__',
  'secret-store',
  'azure-kv',
  'azure',
]
const strings = fc.oneof(
  fc.constantFrom(...names, '', 'true', '../..', '\u202e', '\ud800', '\0', 'x'.repeat(300)),
  pumped(yamlPieces, 40_000),
)

const review = (value: unknown): Outcome => {
  const { pod, class: object } = isObject(value) ? value : {}
  const request = requestFor(pod)
  const lookup = pruneClass(object)
  const classes = new Map(classesNeeded(request).map((name) => [name, lookup]))
  const account = accountNeeded(request, classes)
  return mutate(request, policy, {
    classes,
    ...(account !== undefined && { account: { kind: 'found', object } }),
  })
}

const objectOf = (parsed: unknown): unknown =>
  isObject(parsed) && isObject(parsed['request']) ? parsed['request']['object'] : undefined

t.test('any pod and any class get an outcome, cheaply', async (t) => {
  const kinds = new Map<string, number>()
  await fuzz(
    t,
    fc.property(mutatedJson(found, strings), (value) => {
      const outcome = review(value)
      kinds.set(outcome.kind, (kinds.get(outcome.kind) ?? 0) + 1)
      if (outcome.kind === 'denied')
        for (const { found = 'x', sentence, ...field } of outcome.problems)
          for (const text of [describeField(field), found || 'x', sentence])
            assertSentence(text, 2_000)
      if (outcome.kind === 'injected') {
        for (const warning of outcome.warnings) assertSentence(describeWarning(warning), 256)
        const { pod, class: object } = value as { pod: object; class: unknown }
        const again = review({ pod: patchedPod(pod, outcome), class: object })
        if (again.kind !== 'skipped' || again.reason !== 'complete')
          throw new Error(`reviewed again: ${JSON.stringify(again)}`)
      }
      assertCheap(value, (parsed) => review(objectOf(parsed)))
    }),
    () => ['injected', 'denied', 'skipped'].every((kind) => kinds.has(kind)),
  )
  t.comment([...kinds].join(' '))
})

const mebibyte = 1024 * 1024
const costlyList = `array:\n${'  - "{objectName: a, objectType: secret}"\n'.repeat(230)}`
const hostileClasses: Readonly<Record<string, unknown>> = {
  'objects of 1 MiB': exampleClass({ objects: '- "'.repeat(mebibyte / 3) }),
  'objects as long as is accepted': exampleClass({ objects: costlyList }),
  'objects that nest': exampleClass({ objects: '['.repeat(32_000) }),
  'very many parameters': exampleClass(
    Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`parameter-${i}`, 'x'])),
  ),
  'a parameter with a name of 1 MiB': exampleClass({ ['n'.repeat(mebibyte)]: 'x' }),
  'very many Secrets': {
    spec: {
      ...exampleClass().spec,
      secretObjects: Array.from({ length: 40_000 }, (_, i) => ({ secretName: `secret-${i}` })),
    },
  },
  'blanks of 1 MiB': exampleClass({ clientID: ' '.repeat(mebibyte) }),
}

for (const [name, object] of Object.entries(hostileClasses))
  for (const count of [1, 6, 32])
    t.test(`a pod with ${count} hostile classes, ${name}: the review is cheap`, async (t) => {
      const pod = csiPod()
      pod.spec.volumes = Array.from({ length: count }, (_, i) => csiVolume(`v${i}`, `class-${i}`))
      t.doesNotThrow(() => assertCheap({ pod, class: object }, (value) => review(objectOf(value))))
    })
