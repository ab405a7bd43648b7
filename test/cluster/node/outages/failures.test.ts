import t from 'tap'
import type { AkvErrorCode } from '../../../../lib/errors/akv-error.ts'
import { errorTable } from '../../../../lib/errors/error-table.ts'
import { until } from '../../client/cluster.ts'
import { supportsEnv } from '../../client/env-support.ts'
import { appPod, mountPath, password } from '../harness/app-pod.ts'
import { deploymentOf, expectFailedCreate } from '../harness/deployments.ts'
import { openDrills } from '../harness/explain.ts'
import { isRunning, openNode, podTimeoutMs } from '../harness/open-node.ts'
import { untilSaid } from '../harness/until-said.ts'
import { brokenIdentities, faultyVault } from '../harness/vault-data.ts'

/** Tests what `kubectl describe` shows for a pod that can't get its secrets, in both modes of the agent. */
const node = openNode(t)
const explain = await openDrills(
  t,
  'outages/failures.test.ts',
  supportsEnv ? [] : ['variable-inexpressible'],
)
const namespace = await node.namespace()

interface Failure {
  readonly name: string
  readonly annotations: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
  /** The fault that the vault injects into each request. */
  readonly fault?: object
  readonly code: AkvErrorCode
  /** What the message contains besides the code and its remedy. */
  readonly says: readonly (string | RegExp)[]
}

const unknownId = '99999999-9999-9999-9999-999999999999'

const failures: Failure[] = [
  {
    name: 'no-identity',
    annotations: { secrets: 'db-password' },
    labels: {},
    code: 'AKV_IDENTITY_MISSING',
    says: ['client', 'akv-injector.io/client-id', 'azure.workload.identity/use: "true"'],
  },
  {
    name: 'wrong-federated-credential',
    annotations: {
      secrets: 'db-password',
      'client-id': '33333333-3333-3333-3333-333333333333',
    },
    code: 'AKV_FEDERATION_MISMATCH',
    says: [
      'AADSTS700213',
      /issuer "?https:\/\//,
      `system:serviceaccount:${namespace}:web`,
      'api://AzureADTokenExchange',
    ],
  },
  {
    name: 'no-federated-credential',
    annotations: { secrets: 'db-password', 'client-id': brokenIdentities.withoutCredential },
    code: 'AKV_FEDERATION_MISMATCH',
    says: [
      `client ${brokenIdentities.withoutCredential}`,
      'AADSTS70025',
      `system:serviceaccount:${namespace}:web`,
    ],
  },
  {
    name: 'credential-of-another-cluster',
    annotations: { secrets: 'db-password', 'client-id': brokenIdentities.otherIssuer },
    code: 'AKV_FEDERATION_MISMATCH',
    says: ['AADSTS700211', /issuer "?https:\/\//],
  },
  {
    name: 'credential-for-another-audience',
    annotations: { secrets: 'db-password', 'client-id': brokenIdentities.otherAudience },
    code: 'AKV_FEDERATION_MISMATCH',
    says: ['AADSTS700212', 'api://AzureADTokenExchange'],
  },
  {
    name: 'unknown-client',
    annotations: { secrets: 'db-password', 'client-id': unknownId },
    code: 'AKV_APP_NOT_FOUND',
    says: [`client ${unknownId}`, 'AADSTS700016'],
  },
  {
    name: 'unknown-tenant',
    annotations: { secrets: 'db-password', 'tenant-id': unknownId },
    code: 'AKV_TENANT_NOT_FOUND',
    says: [`tenant ${unknownId}`, 'AADSTS90002'],
  },
  {
    name: 'no-role',
    annotations: { vault: 'locked', secrets: 'db-password' },
    code: 'AKV_FORBIDDEN',
    says: [
      'secret locked:db-password',
      'client 22222222-2222-2222-2222-222222222222',
      'Key Vault Secrets User',
    ],
  },
  {
    name: 'vault-firewall',
    annotations: { vault: faultyVault('firewall'), secrets: 'db-password' },
    fault: { kind: 'forbidden', innerCode: 'ForbiddenByFirewall' },
    code: 'AKV_FIREWALL',
    says: [`vault ${faultyVault('firewall')}`, 'which came from 203.0.113.7'],
  },
  {
    name: 'vault-without-public-access',
    annotations: { vault: faultyVault('closed'), secrets: 'db-password' },
    fault: { kind: 'forbidden', innerCode: 'ForbiddenByConnection' },
    code: 'AKV_PUBLIC_ACCESS_DISABLED',
    says: [`vault ${faultyVault('closed')}`, "the vault's name resolves to "],
  },
  {
    name: 'vault-outage',
    annotations: { vault: faultyVault('outage'), secrets: 'db-password' },
    fault: { kind: 'status', status: 503 },
    code: 'AKV_VAULT_UNAVAILABLE',
    says: [`vault ${faultyVault('outage')}`, 'HTTP 503'],
  },
  {
    name: 'vault-behind-a-proxy-page',
    annotations: { vault: faultyVault('proxy-page'), secrets: 'db-password' },
    fault: { kind: 'malformed', body: '<html>Please sign in</html>' },
    code: 'AKV_BAD_ANSWER',
    says: [`vault ${faultyVault('proxy-page')}`],
  },
  {
    name: 'vault-unreachable',
    annotations: { vault: faultyVault('network'), secrets: 'db-password' },
    fault: { kind: 'reset' },
    code: 'AKV_NETWORK',
    says: [`vault ${faultyVault('network')}`],
  },
  {
    name: 'object-absent',
    annotations: { secrets: 'db-password, db-pasword' },
    code: 'AKV_OBJECT_NOT_FOUND',
    says: ['secret team-a:db-pasword'],
  },
  {
    name: 'object-disabled',
    annotations: { secrets: 'retired' },
    code: 'AKV_OBJECT_DISABLED',
    says: ['secret team-a:retired'],
  },
]
/** Without EnvFiles, the webhook refuses the pod. */
if (supportsEnv)
  failures.push({
    name: 'variable-inexpressible',
    annotations: { env: 'MOTTO=motto' },
    code: 'AKV_ENV_VALUE',
    says: ['MOTTO', 'akv-injector.io/secrets'],
  })

for (const { annotations, fault } of failures)
  if (fault)
    await node.control('/faults', { match: { vault: annotations['vault'] }, action: fault })
t.teardown(() => node.clearFaults())
const modes = { init: {}, sidecar: { refresh: '5m' } }
const podOf = ({ name, annotations, labels }: Failure, mode: keyof typeof modes) =>
  appPod({
    name: `${name}-${mode}`,
    namespace,
    annotations: { timeout: '2s', ...annotations, ...modes[mode] },
    ...(labels && { labels }),
  })
const all = failures.flatMap((failure) =>
  (['init', 'sidecar'] as const).map((mode) => ({ failure, mode, pod: podOf(failure, mode) })),
)
await node.apply(...all.map(({ pod }) => pod))

for (const { failure, mode, pod } of all)
  t.test(`${failure.name}, in ${mode} mode`, async (t) => {
    // On a busy machine the emulator may answer one of the runs too late. The kubelet then restarts the agent.
    const { remedy } = errorTable[failure.code]
    await untilSaid(t, () => node.describe(pod), `${failure.code}: `, remedy, ...failure.says)
    if (mode === 'sidecar') await explain(t, failure.name, pod)
  })

t.test('the ReplicaSet of a Deployment reports a bad annotation', async (t) => {
  const pod = appPod({
    namespace,
    name: 'bad',
    annotations: { secrets: 'db-password', refesh: '1h' },
  })
  const deployment = deploymentOf(pod, 'bad-annotation')
  const words = [
    'akv-injector.io/refesh: unknown annotation; did you mean akv-injector.io/refresh?',
  ]
  await expectFailedCreate(t, node, { deployment, words })
  await explain(t, t.name, deployment)
})

t.test('under a quota of limits.cpu', async (t) => {
  const namespace = await node.namespace()
  const quota = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'cpu', namespace },
    spec: { hard: { 'limits.cpu': '1' } },
  }
  await node.apply(quota)
  const without = appPod({ namespace, name: 'without' })
  const words = ['must specify limits.cpu for: akv-injector,app']
  // The API server enforces only what a controller has written to the status.
  await until(async () => {
    const { body } = await node.cluster.create(without, { dryRun: true })
    return words.every((some) => body.message?.includes(some))
  }, podTimeoutMs)
  const withLimit = appPod({
    namespace,
    name: 'with-limit',
    app: { resources: { limits: { cpu: '250m' } } },
  })
  await node.apply(withLimit)
  await t.test('the ReplicaSet of a Deployment reports missing limits', async (t) => {
    const deployment = deploymentOf(without, 'without-limit')
    await expectFailedCreate(t, node, { deployment, words })
    await explain(t, t.name, deployment)
  })
  await t.test('a pod with a limit runs', async (t) => {
    await node.untilPod(withLimit, isRunning)
    t.equal(await node.exec(withLimit, 'app', 'cat', `${mountPath}/db-password`), password)
  })
})
