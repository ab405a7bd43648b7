import t from 'tap'
import { type AgentConfig, configVariable } from '../../../delivery/contract.ts'
import { describeProblems } from '../../../lib/problems/problem.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import type { LookedUp } from '../../../requests/class/looked-up.ts'
import { mutate } from '../../../webhook/core/mutate.ts'
import {
  csiPod,
  csiVolume,
  type ExamplePod,
  exampleClass,
  lookedUp,
  requestOf,
} from './csi/example.ts'
import { patchedPod } from './patched-pod.ts'
import { bindingPolicy, policy } from './policy.ts'

const allowed = bindingPolicy
const ours = 'akv-injector.io/identity-binding'
const aks = 'azure.workload.identity/use-identity-binding'
const classes = lookedUp({
  bound: exampleClass({ useAzureTokenProxy: 'true' }),
  federated: exampleClass({ useAzureTokenProxy: 'false' }),
  silent: exampleClass(),
})

const annotated = (annotations: Record<string, string>): ExamplePod => ({
  metadata: {
    name: 'web-0',
    annotations: { 'akv-injector.io/secrets': 'team-a:db', ...annotations },
  },
  spec: { volumes: [], containers: [{ name: 'app' }] },
})

const withClasses = (
  names: readonly string[],
  annotations: Record<string, string> = {},
): ExamplePod => ({
  ...csiPod(),
  metadata: { name: 'web-0', annotations },
  spec: {
    ...csiPod().spec,
    volumes: names.map((name) => csiVolume(name, name)),
    containers: [{ name: 'app' }],
  },
})

function review(pod: ExamplePod, by: Policy = allowed, looked: LookedUp = classes) {
  const outcome = mutate(requestOf(pod), by, looked)
  if (outcome.kind === 'denied') return { sentences: describeProblems(outcome.problems).join('\n') }
  if (outcome.kind !== 'injected') throw new Error(JSON.stringify(outcome))
  const patched = patchedPod(pod, outcome)
  const agent = patched.spec.initContainers?.[0] as unknown as {
    env: readonly { name: string; value: string }[]
  }
  const { value = '' } = agent.env.find(({ name }) => name === configVariable) ?? {}
  const config: AgentConfig = JSON.parse(value)
  const volume = patched.spec.volumes.find(({ name }) => name === 'akv-injector-identity')
  const [, audience] = /"audience":"([^"]*)"/.exec(JSON.stringify(volume)) ?? []
  return { config, audience, patched }
}

const bound = {
  config: { version: 5, tokenProxy: { serverName: 'a1.ests.aks', ca: 'PEM' } },
  audience: 'api://AKSIdentityBinding',
}
const federated = {
  config: { version: 1, tokenProxy: undefined },
  audience: 'api://AzureADTokenExchange',
}

t.test('a pod asks with our annotation or AKS’s, in any case', async (t) => {
  for (const annotations of [
    { [ours]: 'true' },
    { [ours]: 'True' },
    { [aks]: 'true' },
    { [aks]: 'TRUE' },
  ])
    t.match(review(annotated(annotations)), bound, JSON.stringify(annotations))
  for (const annotations of [
    {},
    { [ours]: 'false' },
    { [aks]: 'false' },
    { [aks]: 'yes' },
    { [aks]: '' },
  ])
    t.match(review(annotated(annotations)), federated, JSON.stringify(annotations))
})

t.test('our annotation comes before AKS’s', async (t) => {
  t.match(review(annotated({ [ours]: 'false', [aks]: 'true' })), federated)
  t.match(review(annotated({ [ours]: 'maybe', [aks]: 'true' })), {
    sentences: /identity-binding "maybe": expected "true" or "false"/,
  })
})

t.test('a served class asks, and all classes of a pod have to agree', async (t) => {
  t.match(review(withClasses(['bound'])), { ...bound, config: { version: 5 } })
  t.match(review(withClasses(['federated', 'silent'])), { audience: federated.audience })
  for (const mixed of [
    ['bound', 'silent'],
    ['federated', 'bound'],
  ])
    t.match(review(withClasses(mixed)), {
      sentences:
        /volume bound.* asks for an identity binding, and .*volume (silent|federated).* doesn't, but a pod signs in one way; set akv-injector\.io\/identity-binding: "true"/,
    })
  t.match(review(withClasses(['bound', 'silent'], { [ours]: 'true' })), bound)
  t.match(review(withClasses(['bound'], { [ours]: 'false' })), {
    sentences: /volume bound.* and akv-injector\.io\/identity-binding doesn't/,
  })
  t.match(review(withClasses(['silent'], { [aks]: 'true' })), bound)
})

t.test('a class that asks for two ways is refused', async (t) => {
  const both = lookedUp({
    both: exampleClass({ useAzureTokenProxy: 'true', usePodIdentity: 'true' }),
  })
  t.match(review(withClasses(['both']), allowed, both), {
    sentences: /useAzureTokenProxy.* is true, and the class asks for pod identity, too/,
  })
})

t.test(
  'without the administrator’s switch, each way to ask is refused and names the switch',
  async (t) => {
    const pods = [
      annotated({ [ours]: 'true' }),
      annotated({ [aks]: 'true' }),
      withClasses(['bound']),
    ]
    for (const pod of pods) {
      t.match(review(pod, policy), { sentences: /identityBinding\.enabled of the chart/ })
      const reason = 'the API server is far away'
      t.match(review(pod, { ...policy, tokenProxy: { kind: 'unknown', reason } }), {
        sentences: /can't be used now: the API server is far away/,
      })
    }
    t.match(review(annotated({}), policy), federated, 'nobody else notices')
  },
)

t.test('a second review of the result adds nothing', async (t) => {
  const { patched } = review(annotated({ [ours]: 'true' }))
  if (!patched) throw new Error('denied')
  t.match(mutate(requestOf(patched), allowed), { kind: 'skipped', reason: 'complete' })
})

t.test('a token volume for the other audience isn’t taken for ours', async (t) => {
  const { patched } = review(annotated({}))
  if (!patched) throw new Error('denied')
  patched.metadata.annotations = { ...patched.metadata.annotations, [ours]: 'true' }
  t.match(review(patched), {
    sentences: /volume akv-injector-identity.* reserved for the webhook/,
  })
})

t.test('nothing in a pod chooses where its token is sent', async (t) => {
  const pod = annotated({ [ours]: 'true' })
  Object.assign(pod.spec.containers[0] ?? {}, {
    env: [
      { name: 'AZURE_KUBERNETES_TOKEN_PROXY', value: 'https://thief.example' },
      { name: 'AZURE_KUBERNETES_SNI_NAME', value: 'thief.example' },
      { name: 'AZURE_KUBERNETES_CA_DATA', value: 'thief' },
    ],
  })
  Object.assign(pod.spec, {
    hostAliases: [{ ip: '192.0.2.1', hostnames: ['kubernetes.default.svc.cluster.local'] }],
  })
  t.match(review(pod), bound)
})
