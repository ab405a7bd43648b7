import t from 'tap'
import { accountKubeconfig } from '../client/account-kubeconfig.ts'
import { listRights } from '../client/account-rights.ts'
import { type Api, type Call, connect } from '../client/api.ts'
import { testNamespace, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { openCsiCluster } from './harness/open-csi-cluster.ts'

/** Tests what the webhook's account may do with `csi.namespaces`, with a token of that account. */
const kubeconfigFile = process.env['KUBECONFIG'] ?? ''
const cluster = await openCsiCluster(t)
const api = connect(kubeconfigFile)
t.teardown(() => api.close())
const namespace = await testNamespace(t, cluster)
const webhook = await signIn('akv-injector-webhook')

const group = 'secrets-store.csi.x-k8s.io'
expectSuccess(
  await cluster.apply({
    apiVersion: `${group}/v1`,
    kind: 'SecretProviderClass',
    metadata: { name: 'azure-kv', namespace },
    spec: { provider: 'azure' },
  }),
)
const classes = (at: string) => `/apis/${group}/v1/namespaces/${at}/secretproviderclasses`
const accounts = (at: string) => `/api/v1/namespaces/${at}/serviceaccounts`
const get = (path: string) => webhook.call({ method: 'GET', path })
// Rights take effect a moment after they are given.
await until(async () => (await get(`${classes(namespace)}/azure-kv`)).status === 200)

t.test('the webhook may get a class and a service account of any namespace, by name', async (t) => {
  t.equal((await get(`${classes(namespace)}/azure-kv`)).status, 200)
  t.equal((await get(`${classes('default')}/absent`)).status, 404)
  t.equal((await get(`${accounts(namespace)}/default`)).status, 200)
  t.equal((await get(`${accounts('kube-system')}/absent`)).status, 404)
})

t.test('the API server lists exactly these two rights beside those of any account', async (t) => {
  const anybody = await signIn('default')
  for (const at of [namespace, 'default', 'kube-system', 'akv-injector']) {
    const basic = new Set(await listRights({ caller: anybody, namespace: at }))
    const rights = await listRights({ caller: webhook, namespace: at })
    t.strictSame(
      rights.filter((rule) => !basic.has(rule)).map((rule) => JSON.parse(rule)),
      [
        { verbs: ['get'], apiGroups: [''], resources: ['serviceaccounts'] },
        { verbs: ['get'], apiGroups: [group], resources: ['secretproviderclasses'] },
      ],
      at,
    )
  }
})

t.test('every other request is refused', async (t) => {
  const object = (kind: string, apiVersion = 'v1') => ({
    apiVersion,
    kind,
    metadata: { name: 'x' },
  })
  const secretClass = object('SecretProviderClass', `${group}/v1`)
  const pods = `/api/v1/namespaces/${namespace}/pods`
  const secrets = `/api/v1/namespaces/${namespace}/secrets`
  const admission = '/apis/admissionregistration.k8s.io/v1'
  const rbac = '/apis/rbac.authorization.k8s.io/v1'
  const forbidden: readonly (readonly [Call['method'], string, object?])[] = [
    ['GET', classes(namespace)],
    ['GET', `/apis/${group}/v1/secretproviderclasses`],
    ['POST', classes(namespace), secretClass],
    ['PUT', `${classes(namespace)}/azure-kv`, secretClass],
    ['PATCH', `${classes(namespace)}/azure-kv`, {}],
    ['DELETE', `${classes(namespace)}/azure-kv`],
    ['DELETE', classes(namespace)],
    ['GET', `${classes(namespace)}/azure-kv/status`],
    ['GET', accounts(namespace)],
    ['GET', '/api/v1/serviceaccounts'],
    ['POST', accounts(namespace), object('ServiceAccount')],
    ['PATCH', `${accounts(namespace)}/default`, {}],
    ['DELETE', `${accounts(namespace)}/default`],
    ['POST', `${accounts(namespace)}/default/token`, { spec: {} }],
    ['POST', `${accounts('akv-injector')}/akv-injector-webhook/token`, { spec: {} }],
    ['GET', secrets],
    ['GET', `${secrets}/x`],
    ['GET', '/api/v1/namespaces/akv-injector/secrets/akv-injector-webhook-tls'],
    ['POST', secrets, object('Secret')],
    ['GET', `/api/v1/namespaces/${namespace}/configmaps`],
    ['GET', pods],
    ['GET', `${pods}/x`],
    ['POST', pods, object('Pod')],
    ['PATCH', `${pods}/x`, {}],
    ['GET', '/api/v1/nodes'],
    ['GET', '/api/v1/namespaces'],
    ['GET', `/api/v1/namespaces/${namespace}`],
    ['PATCH', `/api/v1/namespaces/${namespace}`, { metadata: { labels: { a: 'b' } } }],
    ['POST', `/api/v1/namespaces/${namespace}/events`, object('Event')],
    ['GET', `${admission}/mutatingwebhookconfigurations/zz-akv-injector`],
    ['PATCH', `${admission}/mutatingwebhookconfigurations/zz-akv-injector`, {}],
    ['PATCH', `${rbac}/clusterroles/akv-injector-webhook`, {}],
    ['GET', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'],
    ['GET', `/apis/${group}/v1/secretproviderclasspodstatuses`],
  ]
  for (const [method, path, body] of forbidden) {
    const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const query = method === 'GET' ? {} : { dryRun: 'All' }
    const call = { method, path, query, contentType, ...(body && { body }) }
    t.equal((await webhook.call(call)).status, 403, `${method} ${path}`)
  }
  const watch = { method: 'GET', path: classes(namespace), query: { watch: 'true' } } as const
  t.equal((await webhook.call(watch)).status, 403, 'watch')
  const impersonated = await webhook.call({
    method: 'GET',
    path: `${classes(namespace)}/azure-kv`,
    as: 'system:serviceaccount:kube-system:default',
  })
  t.equal(impersonated.status, 403, 'impersonate')
})

async function signIn(name: string): Promise<Api> {
  const account = { name, namespace: 'akv-injector' }
  const folder = t.testdir()
  const caller = connect(await accountKubeconfig({ api, kubeconfigFile, account, folder }))
  t.teardown(() => caller.close())
  return caller
}
