import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { startGateVariable } from '../../../delivery/contract.ts'
import { describeProblem } from '../../../lib/problems/problem.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import { annotationPrefix } from '../../../requests/annotations/keys/own-annotations.ts'
import { fileKeyRef, startGate } from '../../../webhook/core/injection/env-entry.ts'
import { agentName } from '../../../webhook/core/model/our-names.ts'
import type { Injected } from '../../../webhook/core/model/outcome.ts'
import { describeWarning } from '../../../webhook/core/model/outcome.ts'
import type { Pod } from '../../../webhook/core/model/pod.ts'
import { mutate } from '../../../webhook/core/mutate.ts'
import { isReached, numRuns } from '../../support/property-runs.ts'
import { anyPod, hostileAnnotations, requestFor, saneAnnotations } from './arbitraries.ts'
import { holds } from './holds.ts'
import { type InjectedPod, interference } from './interference.ts'
import { assertConfiguredHosts, patchedPod } from './patched-pod.ts'
import { fastPolicy, policy } from './policy.ts'
import { sharingPod, takersOver } from './sharing-pod.ts'

function check<T>(t: Test, property: fc.IProperty<T>, runs = numRuns): void {
  fc.assert(property, { numRuns: runs })
  t.pass(`${runs} runs`)
}

/** So many that chance doesn't bring the share of pods that are injected, mended or gated below a floor. */
const manyRuns = 4 * numRuns

const maybeInterference = fc.oneof(
  fc.constant(() => undefined),
  interference,
)

/** Chooses between the two ways in which containers wait for a refreshing agent. */
const anyPolicy = fc.constantFrom(policy, fastPolicy)

const injection = (object: object, policy: Policy): Injected | undefined => {
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
    readonly verify: (pod: object, outcome: Injected, policy: Policy) => void
  },
): void {
  let injected = 0
  t.ok(
    isReached(
      () =>
        check(
          t,
          fc.property(anyPod(annotations), anyPolicy, (pod, policy) => {
            const outcome = injection(pod, policy)
            if (outcome === undefined) return
            injected++
            verify(pod, outcome, policy)
          }),
          manyRuns,
        ),
      (rounds) => injected > rounds * manyRuns * leastShare,
    ),
    `${injected} pods were injected`,
  )
}

function demandComplete(pod: object, policy: Policy): void {
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
    verify: (pod, outcome, policy) => demandComplete(patchedPod(pod, outcome), policy),
  })
})

t.test('with defaults of the namespace, too, whatever they are at the second review', (t) => {
  const defaults = (texts: Readonly<Record<string, string>>): Policy => ({
    ...policy,
    teamDefaults: new Map([['*', texts]]),
  })
  const now = defaults({
    vault: 'of-the-team',
    refresh: '5m',
    'stale-after': '1h',
    metrics: '19980',
    'agent-requests': 'cpu=20m,memory=40Mi',
    'agent-limits': 'memory=80Mi',
    'client-id': '22222222-2222-2222-2222-222222222222',
  })
  const later = [now, policy, defaults({ vault: 'another', refresh: '0', 'agent-limits': 'cpu=1' })]
  checkInjected(t, saneAnnotations, {
    leastShare: 0.15,
    verify: (pod) => {
      const first = injection(pod, now)
      if (first === undefined) return
      for (const policy of later) demandComplete(patchedPod(pod, first), policy)
    },
  })
  t.end()
})

t.test('changes that another webhook makes to the result are repaired once', async (t) => {
  let mended = 0
  t.ok(
    isReached(
      () =>
        check(
          t,
          fc.property(
            anyPod(saneAnnotations),
            anyPolicy,
            interference,
            (pod, policy, interfere) => {
              const outcome = injection(pod, policy)
              if (outcome === undefined) return
              const changed = structuredClone(patchedPod(pod, outcome))
              interfere(changed as InjectedPod)
              const second = mutate(requestFor(changed), policy)
              if (second.kind === 'denied') throw new Error(JSON.stringify(second.problems))
              if (second.kind === 'skipped') return
              mended++
              demandComplete(patchedPod(changed, second), policy)
            },
          ),
          manyRuns,
        ),
      (rounds) => mended > (rounds * manyRuns) / 20,
    ),
    `${mended} results were mended`,
  )
})

t.test('at a gate, every container after the agent waits for it, and no other', async (t) => {
  let gated = 0
  t.ok(
    isReached(
      () =>
        check(
          t,
          fc.property(anyPod(saneAnnotations), maybeInterference, (pod, interfere) => {
            const outcome = injection(pod, fastPolicy)
            if (outcome === undefined) return
            const changed = structuredClone(patchedPod(pod, outcome))
            interfere(changed as InjectedPod)
            const second = injection(changed, fastPolicy)
            const { spec } = (second ? patchedPod(changed, second) : changed) as InjectedPod
            const agentIndex = spec.initContainers.findIndex(({ name }) => name === agentName)
            const isSidecar = spec.initContainers[agentIndex]?.['restartPolicy'] === 'Always'
            const after = [...spec.initContainers.slice(agentIndex + 1), ...spec.containers]
            const waits = (container: InjectedPod['spec']['containers'][number]) =>
              isDeepStrictEqual(
                container.env?.find(({ name }) => name === startGateVariable)?.valueFrom,
                {
                  fileKeyRef: fileKeyRef(startGate),
                },
              )
            const wrong = [
              ...spec.initContainers.slice(0, agentIndex + 1).filter(waits),
              ...after.filter((container) => waits(container) !== isSidecar),
            ]
            if (wrong.length > 0) throw new Error(JSON.stringify(wrong))
            if (isSidecar) gated += after.length
          }),
          manyRuns,
        ),
      (rounds) => gated > (rounds * manyRuns) / 10,
    ),
    `${gated} containers waited`,
  )
})

t.test('no container of an injected pod can take over the agent', async (t) => {
  const found = { injected: 0, denied: 0 }
  check(
    t,
    fc.property(sharingPod, (pod) => {
      const outcome = mutate(requestFor(pod), policy)
      if (outcome.kind === 'skipped') throw new Error(outcome.reason)
      found[outcome.kind]++
      const forced = injection(pod, { ...policy, allowExposedAgents: true })
      if (forced === undefined) throw new Error('denied for another reason')
      const result = patchedPod(pod, forced)
      if (takersOver(result).length > 0 !== (outcome.kind === 'denied'))
        throw new Error(JSON.stringify([outcome, takersOver(result)]))
      demandComplete(result, { ...policy, allowExposedAgents: true })
    }),
    manyRuns,
  )
  t.ok(found.injected > manyRuns / 10, `${found.injected} of ${manyRuns} pods were injected`)
  t.ok(found.denied > manyRuns / 20, `${found.denied} of ${manyRuns} pods were refused`)
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
