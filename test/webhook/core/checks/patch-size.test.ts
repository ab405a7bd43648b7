import fc from 'fast-check'
import t from 'tap'
import type { Policy } from '../../../../requests/administrator/policy.ts'
import {
  annotationPrefix,
  readOwnAnnotations,
} from '../../../../requests/annotations/keys/own-annotations.ts'
import { readPodAnnotations } from '../../../../requests/annotations/read-pod-annotations.ts'
import { patchBytes } from '../../../../webhook/core/checks/patch-size.ts'
import { patchOperations } from '../../../../webhook/core/injection/patch.ts'
import type { Pod } from '../../../../webhook/core/model/pod.ts'
import { mutate } from '../../../../webhook/core/mutate.ts'
import { planInjection } from '../../../../webhook/core/plan-injection.ts'
import { numRuns } from '../../../support/property-runs.ts'
import { anyPod, requestFor, saneAnnotations } from '../arbitraries.ts'
import { fastPolicy, policy } from '../policy.ts'

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))
const many = <T>(length: number, make: (i: number) => T): readonly T[] =>
  Array.from({ length }, (_, i) => make(i))

interface Annotated extends Pod {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> }
}

/** A pod of `containers` containers, with the annotations in it. */
const podOf = (containers: number, own: Readonly<Record<string, string>>): Annotated => ({
  metadata: {
    annotations: Object.fromEntries(
      Object.entries({ vault: 'team-a', ...own }).map(([key, value]) => [
        annotationPrefix + key,
        value,
      ]),
    ),
  },
  spec: { containers: many(containers, (i) => ({ name: `c${i}` })) },
})

function sizesOf(
  pod: Annotated,
  policy: Policy,
): { readonly planned: number; readonly actual: number } {
  const { own } = readOwnAnnotations(pod.metadata.annotations)
  const { request } = readPodAnnotations(own, { policy, namespace: 'default' })
  const { plan } = planInjection(pod, request, policy)
  return { planned: patchBytes(plan), actual: bytesOf(patchOperations(pod, plan)) }
}

t.test('the planned size is at least the patch’s size, and not much more', async (t) => {
  fc.assert(
    fc.property(anyPod(saneAnnotations), fc.constantFrom(policy, fastPolicy), (pod, policy) => {
      const { planned, actual } = sizesOf(pod, policy)
      if (actual > planned) throw new Error(`${actual} bytes, planned ${planned}`)
    }),
    { numRuns },
  )
  const long = 'V'.repeat(250)
  for (const pod of [
    podOf(900, { env: many(20, (i) => `${long}_${i}=s?`).join() }),
    podOf(1000, { secrets: 'a', 'mount-path': `/${'"'.repeat(1000)}` }),
    podOf(1, { 'template.x': '"\\\u0001'.repeat(4000) }),
    podOf(1000, { secrets: 'a', refresh: '1h' }),
  ]) {
    const { planned, actual } = sizesOf(pod, fastPolicy)
    t.ok(actual <= planned && planned < actual * 1.5, `${actual} bytes, planned ${planned}`)
  }
})

t.test('a pod whose patch would exceed 1 MiB is refused, with what to change', async (t) => {
  const env = many(60, (i) => `V${i}=s`).join()
  t.strictSame(mutate(requestFor(podOf(1000, { env })), policy), {
    kind: 'denied',
    problems: [
      {
        path: [],
        subject: 'the patch of the pod',
        found: '60 variables for 1000 containers',
        sentence:
          'would be larger than 1 MiB; name only the containers that need them in akv-injector.io/containers, or request fewer variables, shorter names or a shorter akv-injector.io/mount-path',
      },
    ],
  })
  t.match(mutate(requestFor(podOf(1000, { env, containers: 'c0,c1' })), policy).kind, 'injected')
  const quotes = podOf(1000, { secrets: 'a', 'mount-path': `/${'"'.repeat(1000)}` })
  t.match(mutate(requestFor(quotes), policy), {
    problems: [{ found: '0 variables and a mount for 1000 containers' }],
  })
})

t.test('every accepted pod has a patch of at most 1 MiB', async (t) => {
  const outcomes = many(60, (i) =>
    mutate(
      requestFor(podOf(20 * (i + 1), { secrets: 'a', env: 'A=a,B=b,C=c,D=d,E=e,F=f' })),
      policy,
    ),
  )
  const sizes = outcomes.flatMap((outcome) =>
    outcome.kind === 'injected' ? bytesOf(outcome.operations) : [],
  )
  t.ok(outcomes.some(({ kind }) => kind === 'denied'))
  t.ok(Math.max(...sizes) <= 1024 * 1024)
  t.ok(Math.max(...sizes) > 1024 * 1024 * 0.6, `${Math.max(...sizes)} bytes`)
})
