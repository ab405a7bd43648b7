import fc from 'fast-check'
import t, { type Test } from 'tap'
import { describeProblem } from '../../../lib/problems/problem.ts'
import { annotationPrefix } from '../../../requests/annotations/keys/own-annotations.ts'
import type { Injected } from '../../../webhook/core/model/outcome.ts'
import { describeWarning } from '../../../webhook/core/model/outcome.ts'
import type { Pod } from '../../../webhook/core/model/pod.ts'
import { mutate } from '../../../webhook/core/mutate.ts'
import { numRuns } from '../../support/property-runs.ts'
import { anyPod, hostileAnnotations, requestFor, saneAnnotations } from './arbitraries.ts'
import { holds } from './holds.ts'
import { type InjectedPod, interference } from './interference.ts'
import { assertConfiguredHosts, patchedPod } from './patched-pod.ts'
import { policy } from './policy.ts'

function check<T>(t: Test, property: fc.IProperty<T>): void {
  fc.assert(property, { numRuns })
  t.pass(`${numRuns} runs`)
}

const injection = (object: object): Injected | undefined => {
  const outcome = mutate(requestFor(object), policy)
  return outcome.kind === 'injected' ? outcome : undefined
}
/**
 * Checks what becomes of pods that are injected, and that enough of them are.
 *
 * @param leastShare - of all pods that are tried
 */
function checkInjected(
  t: Test,
  annotations: fc.Arbitrary<Record<string, string>>,
  {
    leastShare,
    verify,
  }: {
    readonly leastShare: number
    readonly verify: (pod: object, outcome: Injected) => void
  },
): void {
  let injected = 0
  check(
    t,
    fc.property(anyPod(annotations), (pod) => {
      const outcome = injection(pod)
      if (outcome === undefined) return
      injected++
      verify(pod, outcome)
    }),
  )
  t.ok(injected > numRuns * leastShare, `${injected} of ${numRuns} pods were injected`)
}

function demandComplete(pod: object): void {
  const outcome = mutate(requestFor(pod), policy)
  if (outcome.kind !== 'skipped' || outcome.reason !== 'complete')
    throw new Error(JSON.stringify(outcome))
}

t.test('the patch applies, and nothing of the user’s is lost, moved or changed', async (t) => {
  checkInjected(t, saneAnnotations, {
    leastShare: 0.15,
    verify(pod, outcome) {
      if (outcome.operations.some(({ op }) => op !== 'add')) throw new Error('not an add')
      if (!holds(patchedPod(pod, outcome), pod)) throw new Error('something is lost')
    },
  })
})

t.test('reviewing the result of an injection adds nothing', async (t) => {
  checkInjected(t, saneAnnotations, {
    leastShare: 0.15,
    verify: (pod, outcome) => demandComplete(patchedPod(pod, outcome)),
  })
})

t.test('changes that another webhook makes to the result are repaired once', async (t) => {
  let mended = 0
  check(
    t,
    fc.property(anyPod(saneAnnotations), interference, (pod, interfere) => {
      const outcome = injection(pod)
      if (outcome === undefined) return
      const changed = structuredClone(patchedPod(pod, outcome))
      interfere(changed as InjectedPod)
      const second = mutate(requestFor(changed), policy)
      if (second.kind === 'denied') throw new Error(JSON.stringify(second.problems))
      if (second.kind === 'skipped') return
      mended++
      demandComplete(patchedPod(changed, second))
    }),
  )
  t.ok(mended > numRuns / 20, `${mended} of ${numRuns} results were mended`)
})

t.test('the same review gives the same bytes, and is left as it was', async (t) => {
  check(
    t,
    fc.property(anyPod(fc.oneof(saneAnnotations, hostileAnnotations)), (pod) => {
      const before = JSON.stringify(pod)
      const [a, b] = [0, 1].map(() =>
        JSON.stringify(mutate(requestFor(structuredClone(pod)), policy)),
      )
      if (a !== b || JSON.stringify(mutate(requestFor(pod), policy)) !== a)
        throw new Error('differs')
      if (JSON.stringify(pod) !== before) throw new Error('the review was changed')
    }),
  )
})

t.test('any JSON in place of the pod or a part of it gets an answer', async (t) => {
  const annotated = (object: unknown) => ({
    metadata: { annotations: { [`${annotationPrefix}secrets`]: 'team-a:x' } },
    ...(typeof object === 'object' ? object : {}),
  })
  check(
    t,
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (object, spec, part) => {
      for (const hostile of [
        object,
        annotated(object),
        annotated({ spec }),
        annotated({ spec: { containers: part } }),
        annotated({ spec: { containers: [part] } }),
        annotated({ spec: { containers: [{ name: 'app', env: part, volumeMounts: part }] } }),
        annotated({ spec: { containers: [{ name: 'app' }], initContainers: part, volumes: part } }),
        { metadata: { annotations: part }, spec },
      ])
        mutate(requestFor(hostile), policy)
    }),
  )
})

t.test(
  'no annotation makes the agent talk to a host that the administrator did not name',
  async (t) => {
    checkInjected(t, hostileAnnotations, {
      leastShare: 0.01,
      verify(pod, outcome) {
        assertConfiguredHosts(patchedPod(pod, outcome) as Pod)
      },
    })
  },
)

t.test(
  'every sentence is short enough for its reader, whatever the annotations hold',
  async (t) => {
    check(
      t,
      fc.property(anyPod(hostileAnnotations), (pod) => {
        const outcome = mutate(requestFor(pod), policy)
        const long =
          outcome.kind === 'injected'
            ? outcome.warnings.map(describeWarning).find((warning) => warning.length > 256)
            : outcome.kind === 'denied'
              ? outcome.problems.find((problem) => describeProblem(problem).length > 1200)
              : undefined
        if (long !== undefined) throw new Error(JSON.stringify(long))
      }),
    )
  },
)
