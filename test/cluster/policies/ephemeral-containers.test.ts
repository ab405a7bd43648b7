import t from 'tap'
import type { KubeObject } from '../client/api.ts'
import { openCluster, testNamespace, until } from '../client/cluster.ts'
import { envIfSupported, supportsEnv } from '../client/env-support.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { annotatedPod, plainPod } from '../client/pods.ts'
import { serveWebhook } from '../webhook/harness/serve-webhook.ts'
import { changeEnforcement } from './policy-binding.ts'

/** Tests what a user who may debug pods can get from an agent. */
const cluster = openCluster(t)
await serveWebhook(t, cluster)
const namespace = await testNamespace(t, cluster)
const annotations = {
  vault: 'team-a',
  secrets: 'db-password',
  ...envIfSupported('API_KEY=api-key'),
  refresh: '5m',
}
const injectedPod = async () =>
  expectSuccess(await cluster.create(annotatedPod({ namespace, annotations }))).body

let count = 0
const debug = (pod: KubeObject, container: object) => {
  count += 1
  return cluster.debug(pod, {
    name: `debug-${count}`,
    image: 'registry.example/debug:1',
    ...container,
  })
}
const mounting = (name: string, readOnly?: boolean) => ({
  volumeMounts: [{ name, mountPath: '/debug', ...(readOnly !== undefined && { readOnly }) }],
})
/** Policies take effect a moment after the install. */
await until(async () => {
  const { status } = await debug(await injectedPod(), mounting('akv-injector-identity'))
  return status === 422
})

type RefusedContainer = readonly [string, object, RegExp]
/** Without variables, the pod has no such volume. */
const envVolume: readonly RefusedContainer[] = supportsEnv
  ? [['the variables', mounting('akv-injector-env'), /only with readOnly: true/]]
  : []
const refused: readonly RefusedContainer[] = [
  [
    'the identity volume',
    mounting('akv-injector-identity'),
    /akv-injector-identity, not even read-only/,
  ],
  ['the files', mounting('akv-injector-files'), /only with readOnly: true/],
  ...envVolume,
  [
    'the agent’s processes',
    { targetContainerName: 'akv-injector' },
    /may not target the container akv-injector/,
  ],
]
for (const [what, container, sentence] of refused)
  t.test(`a debug container doesn’t get ${what}`, async (t) => {
    const { status, body } = await debug(await injectedPod(), container)
    t.equal(status, 422)
    t.match(body.message, sentence)
    t.match(body.message, 'akv-injector-ephemeral-containers', 'which names the policy')
  })

t.test('the app can still be debugged, with its files read-only', async (t) => {
  const pod = await injectedPod()
  const plain = expectSuccess(await cluster.create(plainPod({}, { namespace }))).body
  for (const [target, container] of [
    [pod, {}],
    [pod, { targetContainerName: 'app', ...mounting('akv-injector-files', true) }],
    ...(supportsEnv ? [[pod, mounting('akv-injector-env', true)] as const] : []),
    [plain, { targetContainerName: 'app' }],
  ] as const)
    t.equal((await debug(target, container)).status, 200)
})

t.test('a debug container that sees the agent’s process can’t take it over', async (t) => {
  const safe = { runAsUser: 1000, allowPrivilegeEscalation: false }
  const sharing = annotatedPod({
    ...{ namespace, annotations },
    spec: {
      shareProcessNamespace: true,
      containers: [{ name: 'app', image: 'registry.example/app:1', securityContext: safe }],
    },
  })
  const pod = expectSuccess(await cluster.create(sharing)).body
  for (const securityContext of [undefined, { ...safe, runAsUser: 61_037 }]) {
    const { status, body } = await debug(pod, { securityContext, targetContainerName: 'app' })
    t.equal(status, 422, JSON.stringify(securityContext))
    t.match(body.message, /could take over the agent and read its token/)
  }
  expectSuccess(await debug(pod, { securityContext: safe, targetContainerName: 'app' }))
})

t.test('a debug container from before the policy doesn’t block later ones', async (t) => {
  const pod = await injectedPod()
  await changeEnforcement(t, cluster, {
    name: 'akv-injector-ephemeral-containers',
    actions: [],
    isInForce: async () => (await debug(pod, mounting('akv-injector-identity'))).status === 200,
  })
  await changeEnforcement(t, cluster, {
    name: 'akv-injector-ephemeral-containers',
    actions: ['Deny'],
    isInForce: async () =>
      (await debug(await injectedPod(), mounting('akv-injector-identity'))).status === 422,
  })
  expectSuccess(await debug(pod, { targetContainerName: 'app' }))
  t.equal((await debug(pod, mounting('akv-injector-identity'))).status, 422)
})
