import t from 'tap'
import { describeProblem } from '../../../../lib/problems/problem.ts'
import type { Policy } from '../../../../requests/administrator/policy.ts'
import { agentName } from '../../../../webhook/core/model/our-names.ts'
import type { Outcome } from '../../../../webhook/core/model/outcome.ts'
import { mutate } from '../../../../webhook/core/mutate.ts'
import { requestFor } from '../arbitraries.ts'
import { csiPod, exampleClass, lookedUp, requestOf } from '../csi/example.ts'
import { patchedPod } from '../patched-pod.ts'
import { policy } from '../policy.ts'

/** Which pods with a shared process namespace are refused (docs/specification.md, "Security context of the agent"). */
const annotations = {
  'akv-injector.io/vault': 'team-a',
  'akv-injector.io/secrets': 'db-password',
  'akv-injector.io/client-id': '22222222-2222-2222-2222-222222222222',
}
const refreshing = { ...annotations, 'akv-injector.io/refresh': '5m' }
const afterEarly = { 'akv-injector.io/position': 'after:early' }

const safe = { runAsUser: 1000, allowPrivilegeEscalation: false }
const review = (
  spec: object,
  { asked = refreshing, ...changes }: Partial<Policy> & { asked?: object } = {},
): Outcome =>
  mutate(requestFor({ metadata: { annotations: asked }, spec }), { ...policy, ...changes })

const texts = (outcome: Outcome): readonly string[] =>
  outcome.kind === 'denied' ? outcome.problems.map(describeProblem) : []
const uidOf = (outcome: Outcome): unknown => {
  const { operations = [] } = outcome as { operations?: readonly { value: unknown }[] }
  const agent = operations
    .flatMap(({ value }) => value as { name?: string; securityContext?: { runAsUser: number } })
    .find(({ name }) => name === agentName)
  return agent?.securityContext?.runAsUser
}

/** A container's security context, and what a message says about it. Undefined: it is accepted. */
const contexts: readonly (readonly [unknown, RegExp | undefined])[] = [
  [safe, undefined],
  [{ ...safe, runAsUser: 1 }, undefined],
  [{ ...safe, runAsUser: 65_532 }, undefined],
  [{ ...safe, runAsUser: 2 ** 31 - 1 }, undefined],
  [{ ...safe, privileged: false, capabilities: {} }, undefined],
  [{ ...safe, privileged: null, capabilities: { add: null, drop: ['ALL'] } }, undefined],
  [{ ...safe, capabilities: { add: ['NET_BIND_SERVICE'] } }, undefined],
  [undefined, /runAsUser isn't set and allowPrivilegeEscalation isn't false/],
  [null, /runAsUser isn't set and allowPrivilegeEscalation isn't false/],
  [{}, /runAsUser isn't set/],
  [{ ...safe, runAsUser: null, runAsNonRoot: true }, /app: runAsUser isn't set, so/],
  [{ ...safe, runAsUser: 0 }, /runAsUser is 0,/],
  [{ ...safe, runAsUser: -0 }, /runAsUser is 0,/],
  [{ ...safe, runAsUser: -1 }, /runAsUser is -1,/],
  [{ ...safe, runAsUser: 0.5 }, /runAsUser is 0.5,/],
  [{ ...safe, runAsUser: 1e99 }, /runAsUser is 1e\+99,/],
  [{ ...safe, runAsUser: 2 ** 32 }, /runAsUser is 4294967296,/],
  [{ ...safe, runAsUser: 61_037 }, /runAsUser is 61037, the agent's user,/],
  [{ runAsUser: 1000 }, /: allowPrivilegeEscalation isn't false, so/],
  [{ ...safe, allowPrivilegeEscalation: true }, /allowPrivilegeEscalation isn't false/],
  [{ ...safe, allowPrivilegeEscalation: null }, /allowPrivilegeEscalation isn't false/],
  [{ ...safe, privileged: true }, /privileged is true/],
  ...['SYS_PTRACE', 'CAP_SYS_ADMIN', 'SETUID', 'ALL', 'net_bind_service', ''].map(
    (name) => [{ ...safe, capabilities: { add: [name] } }, /capabilities.add has /] as const,
  ),
  [
    { ...safe, capabilities: { add: ['NET_BIND_SERVICE', 'KILL', '\u202e'] } },
    /capabilities.add has KILL, \\u\{202e\}, so/,
  ],
]
const malformed: readonly unknown[] = [
  ...['0', true, [1], {}].map((runAsUser) => ({ ...safe, runAsUser })),
  ...['false', 0].map((allowPrivilegeEscalation) => ({ ...safe, allowPrivilegeEscalation })),
  ...[[], 'ALL', { add: 'ALL' }, { add: [1] }].map((capabilities) => ({ ...safe, capabilities })),
  { ...safe, privileged: 'false' },
  ...['x', []],
]

/** A pod with the container in each place where it runs beside a refreshing agent. */
const places = (container: object): readonly (readonly [object, object])[] => {
  const other = { name: 'other', securityContext: safe }
  return [
    [{ containers: [container] }, refreshing],
    [{ containers: [other, container] }, refreshing],
    [{ containers: [other], initContainers: [container] }, refreshing],
    [
      { containers: [other], initContainers: [{ ...container, restartPolicy: 'Always' }] },
      refreshing,
    ],
    ...[refreshing, annotations].map(
      (asked) =>
        [
          {
            containers: [other],
            initContainers: [
              { ...container, restartPolicy: 'Always' },
              { name: 'early', securityContext: safe },
            ],
          },
          { ...asked, ...afterEarly },
        ] as const,
    ),
  ]
}

t.test('a container that could become the agent is refused wherever it runs', async (t) => {
  for (const [securityContext, sentence] of contexts)
    for (const [spec, asked] of places({ name: 'app', securityContext }))
      for (const field of ['shareProcessNamespace', 'hostPID']) {
        const outcome = review({ ...spec, [field]: true }, { asked })
        const found = texts(outcome)
        const what = JSON.stringify([securityContext, spec, field])
        if (sentence === undefined)
          t.strictSame([outcome.kind, uidOf(outcome)], ['injected', 61_037], what)
        else {
          t.equal(found.length, 1, what)
          t.match(found[0], sentence, what)
          t.match(
            found[0],
            new RegExp(`^container app: .*\\(${field}\\).*AKV_INJECTOR_ALLOW_EXPOSED_AGENTS`),
          )
        }
        const allowed = review({ ...spec, [field]: true }, { asked, allowExposedAgents: true })
        t.strictSame([allowed.kind, uidOf(allowed)], ['injected', 61_037], what)
        if (allowed.kind === 'injected')
          t.equal(
            allowed.warnings.some((warning) => /could take over/.test(warning.sentence)),
            sentence !== undefined,
          )
      }
})

t.test('a security context of the wrong type is refused', async (t) => {
  for (const securityContext of malformed)
    for (const [spec, asked] of places({ name: 'app', securityContext }))
      t.match(
        texts(review({ ...spec, shareProcessNamespace: true }, { asked }))[0],
        /securityContext\S* is missing or has the wrong type/,
        JSON.stringify(securityContext),
      )
})

t.test('the pod’s user counts for containers that set none', async (t) => {
  const container = { name: 'app', securityContext: { allowPrivilegeEscalation: false } }
  const kinds = [1000, 0, 61_037, null].map(
    (runAsUser) =>
      review({
        shareProcessNamespace: true,
        securityContext: { runAsUser },
        containers: [container, { name: 'other', securityContext: safe }],
      }).kind,
  )
  t.strictSame(kinds, ['injected', 'denied', 'denied', 'denied'])
})

t.test('containers that don’t see the agent may be any user', async (t) => {
  const root = { name: 'app', securityContext: { runAsUser: 0, privileged: true } }
  const prepare = { name: 'prepare', securityContext: { runAsUser: 0 } }
  const early = { name: 'early', restartPolicy: 'Always', securityContext: safe }
  const shared = { shareProcessNamespace: true }
  for (const [spec, asked] of [
    [{ containers: [root] }, refreshing],
    [{ containers: [root], shareProcessNamespace: false, hostPID: null }, refreshing],
    [{ ...shared, containers: [root], initContainers: [prepare] }, annotations],
    [
      { ...shared, containers: [root], initContainers: [prepare, early] },
      { ...annotations, ...afterEarly },
    ],
    [
      {
        ...shared,
        containers: [{ name: 'app', securityContext: safe }],
        initContainers: [prepare, early],
      },
      { ...refreshing, ...afterEarly },
    ],
  ] as const)
    t.equal(review(spec, { asked }).kind, 'injected', JSON.stringify(spec))
})

t.test('an agent that is there keeps its user, and is compared by it', async (t) => {
  const spec: { [member: string]: unknown; initContainers?: object[] } = {
    shareProcessNamespace: true,
    containers: [{ name: 'app', securityContext: safe }],
  }
  const object = { metadata: { annotations: refreshing }, spec }
  const first = mutate(requestFor(object), policy)
  if (first.kind !== 'injected') throw new Error(JSON.stringify(first))
  const again = (securityContext: unknown, podUser?: number) => {
    const pod = structuredClone(patchedPod(object, first))
    Object.assign(pod.spec.initContainers?.[0] ?? {}, { securityContext })
    if (podUser !== undefined) pod.spec['securityContext'] = { runAsUser: podUser }
    return mutate(requestFor(pod), policy)
  }
  for (const uid of [65_532, 61_037, 4711])
    t.equal(again({ runAsUser: uid }).kind, 'skipped', `agent of ${uid}`)
  t.equal(again({}).kind, 'skipped', "the image's user")
  t.match(texts(again({ runAsUser: 1000 }))[0], /runAsUser is 1000, the agent's user/)
  t.match(texts(again({}, 1000))[0], /runAsUser is 1000, the agent's user/)
  t.equal(again({}, 2000).kind, 'skipped', 'the pod’s user')
  t.strictSame(again(null), {
    ...{ kind: 'injected', warnings: [] },
    operations: [
      { op: 'add', path: '/spec/initContainers/0/securityContext', value: agentContext(61_037) },
    ],
  })
})

t.test(
  'an agent that the pod’s author made a sidecar is seen, whatever it refreshes',
  async (t) => {
    const spec: { [member: string]: unknown; initContainers?: object[] } = {
      shareProcessNamespace: true,
      containers: [{ name: 'app', securityContext: { runAsUser: 0 } }],
    }
    const object = { metadata: { annotations }, spec }
    const first = mutate(requestFor(object), policy)
    if (first.kind !== 'injected') throw new Error(JSON.stringify(first))
    const again = (restartPolicy?: string) => {
      const pod = structuredClone(patchedPod(object, first))
      Object.assign(pod.spec.initContainers?.[0] ?? {}, { restartPolicy })
      return mutate(requestFor(pod), policy)
    }
    t.equal(again().kind, 'skipped')
    t.match(texts(again('Always')), [/^container app: runAsUser is 0/])
  },
)

const agentContext = (runAsUser: number) => ({
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  runAsUser,
  seccompProfile: { type: 'RuntimeDefault' },
})

t.test('a pod with volumes of the CSI driver is refused, too', async (t) => {
  const classes = lookedUp({ 'azure-kv': exampleClass() })
  const kindOf = (securityContext: object, csiRefreshSeconds: number) => {
    const { metadata, spec } = csiPod()
    const containers = spec.containers.map((container) => ({ ...container, securityContext }))
    const pod = { metadata, spec: { ...spec, containers, shareProcessNamespace: true } }
    return mutate(requestOf(pod), { ...policy, csiRefreshSeconds }, classes).kind
  }
  t.equal(kindOf(safe, 300), 'injected')
  t.equal(kindOf({ runAsUser: 0 }, 300), 'denied')
  t.equal(kindOf({ runAsUser: 0 }, 0), 'injected')
})

t.test('a message about many containers has an end', async (t) => {
  const containers = Array.from({ length: 900 }, (_, i) => ({ name: `c${i}` }))
  t.equal(texts(review({ shareProcessNamespace: true, containers })).length, 101)
})
