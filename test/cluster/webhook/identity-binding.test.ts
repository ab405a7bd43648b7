import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parseAllDocuments } from 'yaml'
import { podText } from '../../support/run-command-line.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import { connect, type KubeObject } from '../client/api.ts'
import { openCluster, testNamespace, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { readKubeconfig } from '../client/kubeconfig.ts'
import { agentOf, annotatedPod, type Pod } from '../client/pods.ts'
import { serveOtherWebhook } from './harness/other-webhook.ts'
import { serveWebhook } from './harness/serve-webhook.ts'
import { addIdentityBinding } from './harness/workload-identity.ts'

/** Tests identity bindings of AKS as far as an API server that isn't AKS's can tell. */
const cluster = openCluster(t)
const kubeconfigFile = process.env['KUBECONFIG'] ?? ''
const api = connect(kubeconfigFile)
t.teardown(() => api.close())
const { server, ca = '' } = readKubeconfig(kubeconfigFile)
const folder = t.testdir()
const caFile = join(folder, 'ca.crt')
writeFileSync(caFile, ca)
const client = '22222222-2222-2222-2222-222222222222'
const plain = { vault: 'team-a', secrets: 'db-password', 'client-id': client }
const bound = { ...plain, 'identity-binding': 'true' }

const review = (annotations: Readonly<Record<string, string>>) =>
  cluster.create(annotatedPod({ annotations }), { dryRun: true })

async function audiences(t: Test, annotations: Readonly<Record<string, string>>) {
  const { body } = expectSuccess(await review(annotations))
  const found = [...JSON.stringify(body).matchAll(/"audience":"([^"]*)"/g)].map(([, name]) => name)
  t.equal(found.length, 1, 'the pod has one token of ours')
  return found[0]
}

t.test('without the switch, a pod that asks is denied, and the switch is named', async (t) => {
  const served = await serveWebhook(t, cluster)
  const { status, body } = await review(bound)
  t.equal(status, 400)
  t.match(body.message, 'identityBinding.enabled of the chart')
  t.equal(await audiences(t, plain), 'api://AzureADTokenExchange')
  await served.close()
})

t.test(
  'the webhook asks this API server for its certificate, and denies only pods that ask',
  async (t) => {
    const tokenProxy = { url: server.origin, caFile }
    const served = await serveWebhook(t, cluster, { tokenProxy })
    let message = ''
    await until(async () => {
      message = (await review(bound)).body.message ?? ''
      // On a busy machine, the first question may get no answer in time.
      return message.includes('has no DNS name')
    })
    t.match(
      message,
      `the certificate at ${server.origin} has no DNS name hcp-kubernetes.ID.svc.cluster.local, only `,
    )
    t.match(message, 'kubernetes.default', 'the names are those of this API server')
    t.equal(await audiences(t, plain), 'api://AzureADTokenExchange')
    await served.close()
  },
)

t.test('with a server name, a pod gets a token for the token proxy only', async (t) => {
  const tokenProxy = { url: server.origin, caFile, serverName: 'a1.ests.aks' }
  await serveWebhook(t, cluster, { tokenProxy })
  t.equal(await audiences(t, bound), 'api://AKSIdentityBinding')
  t.equal(await audiences(t, plain), 'api://AzureADTokenExchange')
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: named('default') }
  const token = await cluster.token(account, 'api://AKSIdentityBinding')
  const claims = JSON.parse(Buffer.from(String(token.split('.')[1]), 'base64url').toString())
  t.match(claims, {
    aud: ['api://AKSIdentityBinding'],
    sub: 'system:serviceaccount:default:default',
  })
})

t.test('with azure-workload-identity beside us, the agent has our token proxy', async (t) => {
  const tokenProxy = { url: server.origin, caFile, serverName: 'a1.ests.aks' }
  const served = await serveWebhook(t, cluster, { tokenProxy })
  const namespace = await testNamespace(t, cluster)
  const aks = { 'azure.workload.identity/use-identity-binding': 'true' }
  const asked = annotatedPod({ namespace, annotations: plain })
  Object.assign(asked.metadata['annotations'] as object, aks)
  const reviewBeside = async (t: Test, name: string) => {
    await serveOtherWebhook(t, cluster, { name, namespace, change: addIdentityBinding })
    const pod = expectSuccess(await cluster.create(asked, { dryRun: true })).body as Pod
    const entries = agentOf(pod)?.env as readonly { name: string; value?: string }[]
    const env = new Map(entries.map(({ name, value }) => [name, value]))
    const config = JSON.parse(String(env.get('AKV_INJECTOR_CONFIG')))
    t.match(config.tokenProxy, { url: server.origin, serverName: 'a1.ests.aks' }, name)
    t.equal(env.get('AZURE_KUBERNETES_SNI_NAME'), 'aother.ests.aks', 'theirs is there, too')
    const audiences = [...JSON.stringify(pod.spec.volumes).matchAll(/"audience":"([^"]*)"/g)]
    t.strictSame(
      audiences.map(([, audience]) => audience),
      ['api://AKSIdentityBinding', 'api://AKSIdentityBinding'],
      'each has its own token',
    )
  }
  for (const name of ['azure-wi-webhook-mutating-webhook-configuration', 'zzz-azure-wi'])
    await t.test(name, (t) => reviewBeside(t, name))
  await served.close()
})

t.test('what akv-injector identity prints lets one account use the identity', async (t) => {
  const namespace = await testNamespace(t, cluster)
  const input = podText(bound, { serviceAccountName: 'web' }).replace(
    '"name":"web"',
    `"name":"web","namespace":"${namespace}"`,
  )
  const { stdout, stderr } = await runInProcess(['identity', '-'], { input })
  const [, text = ''] = /^kubectl apply --filename - <<'END'\n(.*?)\nEND$/ms.exec(stdout) ?? []
  const objects = parseAllDocuments(text).map((document): KubeObject => document.toJS())
  t.equal(objects.length, 2, stdout + stderr)
  for (const object of objects) {
    expectSuccess(await cluster.apply(object, { isStrict: true }))
    t.teardown(() => cluster.delete(object))
  }
  const mayUse = async (user: string, groups: readonly string[], name = client) => {
    const { body } = expectSuccess(
      await api.call({
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SubjectAccessReview',
          spec: {
            ...{ user, groups },
            resourceAttributes: {
              ...{ group: 'cid.wi.aks.azure.com', resource: name },
              verb: 'use-managed-identity',
            },
          },
        },
      }),
    )
    return (body['status'] as { readonly allowed: boolean }).allowed
  }
  const user = (name: string, at = namespace) => `system:serviceaccount:${at}:${name}`
  const groups = [
    'system:serviceaccounts',
    `system:serviceaccounts:${namespace}`,
    'system:authenticated',
  ]
  await until(() => mayUse(user('web'), groups))
  for (const other of [user('default'), user('web', 'default'), user('web', 'kube-system')])
    t.equal(await mayUse(other, groups), false, other)
  t.equal(await mayUse(user('web'), groups, '33333333-3333-3333-3333-333333333333'), false)
})

const named = (name: string) => ({ name, namespace: 'default' })
