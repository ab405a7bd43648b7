import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readRendered } from '../../manifests/rendered.ts'
import { issueTestAuthority } from '../../support/issue-test-authority.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import { accountKubeconfig } from '../client/account-kubeconfig.ts'
import { connect, type KubeObject } from '../client/api.ts'
import { openCluster, testNamespace, until } from '../client/cluster.ts'
import { kubernetesMinor } from '../client/env-support.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { publishAuthority, webhookConfiguration } from '../harness/install/install.ts'
import { teamRoles } from '../sync/harness/team-roles.ts'
import { serveWebhook, untilAnswered, untilCalled } from '../webhook/harness/serve-webhook.ts'
import { addNode, setReady } from './harness/stand-ins.ts'

const kubeconfigFile = process.env['KUBECONFIG'] ?? ''
const cluster = openCluster(t)
const api = connect(kubeconfigFile)
t.teardown(() => api.close())

const doctor = (args: readonly string[] = [], kubeconfig = kubeconfigFile) =>
  runInProcess(['doctor', ...args], { env: { KUBECONFIG: kubeconfig, CI: 'true' } })

// A certificate in the Secret that an authority in caBundle has signed, and the one that the webhook of this test serves.
const authority = await issueTestAuthority('akv-injector doctor', { lifetimeDays: 90 })
const leaf = await authority.issue({
  dnsNames: ['akv-injector-webhook.akv-injector.svc'],
  ipAddresses: [],
  lifetimeDays: 30,
})
const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'akv-injector-webhook-tls', namespace: 'akv-injector' },
  stringData: { 'tls.crt': leaf.certificatePem, 'tls.key': leaf.keyPem },
}
expectSuccess(await cluster.apply(secret))
await serveWebhook(t, cluster)
const { body } = await cluster.get(webhookConfiguration())
const [{ clientConfig }] = body['webhooks'] as [{ clientConfig: { caBundle: string } }]
const bundle = `${Buffer.from(clientConfig.caBundle, 'base64')}${authority.certificatePem}`
const trust = async () => {
  await publishAuthority(cluster, bundle)
  await untilCalled(cluster)
}
await trust()
for (const component of ['webhook', 'certs']) await setReady({ api, cluster }, component, 'True')
const versions = ['v1.36.3', 'v1.37.2', 'v1.34.4']
for (const [i, kubeletVersion] of versions.entries())
  await addNode(api, { name: `doctor-${i}`, kubeletVersion })
t.teardown(async () => {
  for (const i of versions.keys())
    await cluster.delete({ apiVersion: 'v1', kind: 'Node', metadata: { name: `doctor-${i}` } })
})

const webhookOf = (name: string, entry: string): KubeObject => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name },
  webhooks: [
    {
      name: entry,
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      failurePolicy: 'Ignore',
      clientConfig: { url: 'https://127.0.0.1:1/' },
      rules: [
        { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] },
      ],
      objectSelector: { matchLabels: { 'azure.workload.identity/use': 'true' } },
    },
  ],
})

t.test('a healthy cluster gives no finding', async (t) => {
  const other = webhookOf(
    'azure-wi-webhook-mutating-webhook-configuration',
    'mutation.azure-workload-identity.io',
  )
  expectSuccess(await cluster.apply(other))
  t.teardown(() => cluster.delete(other))
  const { code, stdout, stderr } = await doctor()
  t.equal(code, 0, stdout + stderr)
  t.match(stdout, /^0 failures, 0 warnings, \d\d ok$/m)
  t.equal(stderr, '')
  for (const sentence of [
    `API server v1.${kubernetesMinor}.`,
    '3 Linux nodes: 1 × v1.36.3, 1 × v1.37.2, 1 × v1.34.4',
    'nothing uses akv-injector.io/env',
    'Deployment akv-injector/akv-injector-webhook: 2 of 2 replicas ready',
    'zz-akv-injector is called after azure-workload-identity’s',
    'a pod created by a dry run in namespace default gets the agent',
    'caBundle verifies the serving certificate',
    'akv-injector-certs (Deny)',
    'Secret sync is off',
  ])
    t.ok(stdout.includes(sentence), `${sentence}\n${stdout}`)
})

t.test('the report as JSON', async (t) => {
  const { code, stdout } = await doctor(['--output', 'json'])
  t.equal(code, 0)
  const report = JSON.parse(stdout)
  t.match(report, { version: 1, exitCode: 0, sums: { failure: 0, warning: 0, unknown: 0 } })
  t.ok(report.checks.length > 15)
})

const fails = async (t: Test, sentence: string, args: readonly string[] = []) => {
  const { code, stdout, stderr } = await doctor(args)
  t.equal(code, 1, stdout + stderr)
  t.ok(stdout.includes(`× ${sentence}`), `${sentence}\n${stdout}`)
}

t.test('a replica that is absent', async (t) => {
  t.teardown(() => setReady({ api, cluster }, 'webhook', 'True'))
  await setReady({ api, cluster }, 'webhook', 'False')
  await fails(
    t,
    'Deployment akv-injector/akv-injector-webhook: 0 of 2 replicas ready; pod akv-injector-webhook-',
  )
})

t.test('another CA', async (t) => {
  t.teardown(trust)
  const { certificatePem } = await issueTestAuthority('another')
  await publishAuthority(cluster, certificatePem)
  await untilAnswered(cluster, /x509/)
  await fails(t, 'the API server can’t call the webhook: Post')
  await fails(t, 'caBundle doesn’t verify the serving certificate')
})

t.test('a namespace that is left alone has an annotated Deployment', async (t) => {
  const namespace = await testNamespace(t, cluster, { 'control-plane': 'true' })
  const labels = { app: 'web' }
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations: { 'akv-injector.io/secrets': 'team-a:db' } },
        spec: { containers: [{ name: 'app', image: 'registry.example/app' }] },
      },
    },
  }
  expectSuccess(await cluster.create(deployment))
  await fails(
    t,
    `the webhook leaves namespace ${namespace} alone, so the pods of these start without their secrets: Deployment web`,
  )
  const pod = async () =>
    await cluster.list({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace } })
  await until(async () => (await pod()).length === 1)
  const { code, stdout } = await doctor(['deployment/web', '-n', namespace])
  t.equal(code, 1)
  t.match(
    stdout,
    `× the pod has annotations, but no agent, so it started without its secrets: the webhook leaves namespace ${namespace} alone`,
  )
})

t.test('Secret sync without the Role of a namespace', async (t) => {
  const namespace = await testNamespace(t, cluster)
  const manifest = join(import.meta.dirname, '../../fixtures/sync/install.yaml')
  const { objects } = readRendered(readFileSync(manifest, 'utf8'))
  const ofSync = objects.filter(({ kind }) =>
    ['Deployment', 'ServiceAccount', 'ClusterRole', 'ClusterRoleBinding'].includes(kind),
  )
  t.teardown(async () => {
    for (const object of ofSync) await cluster.delete(object)
  })
  for (const object of ofSync) expectSuccess(await cluster.apply(object))
  await setReady({ api, cluster }, 'sync', 'True')
  expectSuccess(
    await cluster.create({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: {
        name: 'web',
        namespace,
        annotations: {
          'akv-injector.io/sync': '[{ secret: db, data: "password=team-a:db" }]',
          'akv-injector.io/sync-status': 'db: AKV_FORBIDDEN since 2026-11-26T03:00:00Z',
        },
      },
    }),
  )
  await fails(
    t,
    `ServiceAccount ${namespace}/web requests Secrets, but the controller may not create serviceaccounts/token`,
  )
  for (const role of teamRoles(namespace, ['web'])) expectSuccess(await cluster.apply(role))
  await until(async () =>
    (await doctor()).stdout.includes('the controller has its rights for 1 ServiceAccount'),
  )
  await fails(t, `AKV_FORBIDDEN: 1 Secret: ${namespace}/web db`)
})

t.test('a deleted webhook configuration', async (t) => {
  t.teardown(trust)
  expectSuccess(await cluster.delete(webhookConfiguration()))
  await fails(t, 'there is no webhook configuration of akv-injector')
})

t.test('somebody who may view one namespace', async (t) => {
  const namespace = await testNamespace(t, cluster)
  const account = { name: 'viewer', namespace }
  expectSuccess(
    await cluster.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: account }),
  )
  expectSuccess(
    await cluster.create({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'viewer', namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'ServiceAccount', ...account }],
    }),
  )
  const folder = t.testdir()
  const file = await accountKubeconfig({ api, kubeconfigFile, account, folder })
  const args = ['-n', namespace]
  await until(async () => (await doctor(args, file)).stdout.includes('only in namespace'))
  const { code, stdout } = await doctor(args, file)
  t.equal(code, 0, stdout)
  t.match(stdout, /^0 failures, 0 warnings, \d+ not checked, \d+ ok$/m)
  // Nothing is concluded from what may not be read.
  const elsewhere = await doctor([...args, '--install-namespace', 'akv-injector'], file)
  t.match(elsewhere, { code: 0, stdout: /^0 failures, 0 warnings, \d+ not checked/m })
  const lines = stdout.split('\n').filter((line) => line.startsWith('? '))
  t.equal(new Set(lines).size, lines.length, 'each once')
  t.match(
    lines.join('\n'),
    'the versions of nodes can’t be read: the right to list nodes is missing',
  )
})
