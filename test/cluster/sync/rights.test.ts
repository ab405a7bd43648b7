import t from 'tap'
import { listRights } from '../client/account-rights.ts'
import type { Call, KubeObject } from '../client/api.ts'
import { testNamespace } from '../client/cluster.ts'
import {
  accountsIn,
  deniedBy,
  openSyncAccount,
  secretsIn,
  syncAccount,
} from './harness/sync-account.ts'

/** Tests the permissions of the sync controller. Other files test those for Secrets, accounts, ExternalSecrets and teams. */
const { cluster, api, controller, namespaces } = await openSyncAccount(t)
const { teamA, teamB } = namespaces
const audience = 'api://AzureADTokenExchange'

const ask = (spec: object, { namespace = teamA, name = 'web' } = {}) =>
  controller.call({
    method: 'POST',
    path: `${accountsIn(namespace)}/${name}/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec },
  })

t.test('the sync controller gets tokens of the enabled accounts, for Entra', async (t) => {
  for (const at of [
    { namespace: teamA, name: 'web' },
    { namespace: teamA, name: 'api' },
    { namespace: teamB, name: 'web' },
  ])
    for (const spec of [{ audiences: [audience], expirationSeconds: 600 }]) {
      const { status, body } = await ask(spec, at)
      t.equal(status, 201, body.message ?? '')
      const { token } = body['status'] as { token: string }
      const claims = JSON.parse(Buffer.from(String(token.split('.')[1]), 'base64url').toString())
      t.match(claims, { aud: [audience], sub: `system:serviceaccount:${at.namespace}:${at.name}` })
    }
})

const boundObjectRef = { apiVersion: 'v1', kind: 'Secret', name: 'x', uid: 'x' }
const refusedSpecs: Readonly<Record<string, object>> = {
  'the API server’s, by default': {},
  'the API server’s, by none': { audiences: [] },
  'the API server’s, by name': { audiences: [await cluster.issuer()] },
  'another’s': { audiences: ['https://vault.azure.net'] },
  'an empty one': { audiences: [''] },
  'one that only looks alike': { audiences: ['api://azureadtokenexchange'] },
  'AKS identity bindings’': { audiences: ['api://AKSIdentityBinding'] },
  'Entra’s and another': { audiences: [audience, 'x'] },
  'another and Entra’s': { audiences: ['x', audience] },
  'Entra’s twice': { audiences: [audience, audience] },
  'for an hour, by default': { audiences: [audience], expirationSeconds: undefined },
  'for more than ten minutes': { audiences: [audience], expirationSeconds: 601 },
  'for ten years': { audiences: [audience], expirationSeconds: 315_360_000 },
  'bound to an object': { audiences: [audience], boundObjectRef },
}
for (const [what, spec] of Object.entries(refusedSpecs))
  t.test(
    `the sync controller gets no token of an enabled account for another audience or use: ${what}`,
    async (t) => {
      const { status, body } = await ask({ expirationSeconds: 600, ...spec })
      t.equal(status, 422)
      t.match(body.message, deniedBy('tokens'))
      t.equal(body['status'], 'Failure', 'and no token is in the answer')
    },
  )

t.test('the sync controller gets no token of any other account, its own included', async (t) => {
  const elsewhere = await testNamespace(t, cluster)
  for (const at of [
    { namespace: teamA, name: 'other' },
    { namespace: teamA, name: 'default' },
    { namespace: teamB, name: 'api' },
    { namespace: elsewhere, name: 'default' },
    { namespace: 'kube-system', name: 'default' },
    { namespace: syncAccount.namespace, name: syncAccount.name },
    { namespace: syncAccount.namespace, name: 'akv-injector-certs' },
  ]) {
    const { status, body } = await ask({ audiences: [audience] }, at)
    t.equal(status, 403, `${at.namespace} ${at.name}`)
    t.match(body.message, 'cannot create resource "serviceaccounts/token"')
  }
})

t.test('the sync controller lists and watches accounts, and creates events for them', async (t) => {
  t.equal((await controller.call({ method: 'GET', path: `${accountsIn(teamA)}/web` })).status, 403)
  // From a future version, so that the watch ends without events.
  const watch = { watch: 'true', timeoutSeconds: '1', resourceVersion: '1000000000' }
  for (const path of ['/api/v1/serviceaccounts', '/api/v1/namespaces']) {
    t.equal((await controller.call({ method: 'GET', path })).status, 200, path)
    t.equal((await controller.call({ method: 'GET', path, query: watch })).status, 200, path)
  }
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { generateName: 'web.', namespace: teamA },
    involvedObject: { apiVersion: 'v1', kind: 'ServiceAccount', name: 'web', namespace: teamA },
    reason: 'Synced',
    message: 'created Secret db',
    type: 'Normal',
  }
  const told = await controller.call({
    method: 'POST',
    path: `/api/v1/namespaces/${teamA}/events`,
    body: event,
  })
  t.equal(told.status, 201, told.body.message ?? '')
})

t.test('the API server lists these permissions and no others, in any namespace', async (t) => {
  const anybody = `system:serviceaccount:${syncAccount.namespace}:anybody`
  const own = async (namespace: string) => {
    const common = await listRights({ caller: api, namespace, as: anybody })
    return (await listRights({ caller: controller, namespace }))
      .filter((rule) => !common.includes(rule))
      .map((rule) => JSON.parse(rule))
  }
  const stores = { apiGroups: ['external-secrets.io'] }
  const verbs = ['list', 'watch']
  const ofCluster = [
    { verbs, apiGroups: [''], resources: ['namespaces'] },
    { verbs, apiGroups: [''], resources: ['serviceaccounts'] },
    { verbs, ...stores, resources: ['clustersecretstores'] },
    { verbs, ...stores, resources: ['externalsecrets', 'secretstores'] },
    {
      verbs,
      apiGroups: ['secrets-store.csi.x-k8s.io'],
      resources: ['secretproviderclasses'],
    },
    { verbs: ['patch'], ...stores, resources: ['clustersecretstores/status'] },
    {
      verbs: ['patch'],
      ...stores,
      resources: ['externalsecrets/status', 'secretstores/status'],
    },
  ]
  const ofTeam = (resourceNames: readonly string[]) => [
    { verbs: ['create'], apiGroups: [''], resources: ['events'] },
    { verbs: ['create'], apiGroups: [''], resources: ['serviceaccounts/token'], resourceNames },
    { verbs: ['get', 'create', 'patch', 'delete'], apiGroups: [''], resources: ['secrets'] },
    { verbs: ['patch'], apiGroups: [''], resources: ['serviceaccounts'], resourceNames },
  ]
  const sorted = (rules: readonly object[]) => rules.map((rule) => JSON.stringify(rule)).toSorted()
  const rights = async (namespace: string) => sorted(await own(namespace))
  t.strictSame(await rights(teamA), sorted([...ofCluster, ...ofTeam(['api', 'web'])]))
  t.strictSame(await rights(teamB), sorted([...ofCluster, ...ofTeam(['web'])]))
  const elsewhere = await testNamespace(t, cluster)
  for (const namespace of [
    syncAccount.namespace,
    elsewhere,
    'default',
    'kube-system',
    'kube-public',
  ])
    t.strictSame(await rights(namespace), sorted(ofCluster), namespace)
})

t.test('other requests are forbidden', async (t) => {
  const elsewhere = await testNamespace(t, cluster)
  const a = `/api/v1/namespaces/${teamA}`
  const rbac = `/apis/rbac.authorization.k8s.io/v1`
  const rolesIn = `${rbac}/namespaces/${teamA}`
  const admission = '/apis/admissionregistration.k8s.io/v1'
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'mine' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' },
    subjects: [{ kind: 'ServiceAccount', ...syncAccount }],
  }
  const ownSecret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'x',
      labels: { 'app.kubernetes.io/managed-by': 'akv-injector' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'ServiceAccount', name: 'web', uid: 'x' }],
    },
  }
  const cases: readonly (readonly [Call['method'], string, object?])[] = [
    ['GET', secretsIn(teamA)],
    ['GET', '/api/v1/secrets'],
    ['GET', `${secretsIn(teamA)}?watch=true`],
    ['GET', `${secretsIn(teamA)}?fieldSelector=metadata.name%3Dx`],
    ['GET', `/api/v1/watch/namespaces/${teamA}/secrets/x`],
    ['PUT', `${secretsIn(teamA)}/x`, ownSecret],
    ['DELETE', secretsIn(teamA)],
    ['GET', `${secretsIn(elsewhere)}/x`],
    ['POST', secretsIn(elsewhere), ownSecret],
    ['PATCH', `${secretsIn(elsewhere)}/x`, {}],
    ['DELETE', `${secretsIn(elsewhere)}/x`],
    ['GET', `${secretsIn(syncAccount.namespace)}/akv-injector-ca`],
    ['GET', `${secretsIn('kube-system')}/x`],
    ['GET', `${accountsIn(elsewhere)}/default`],
    [
      'POST',
      accountsIn(teamA),
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'mine' } },
    ],
    ['PATCH', `${accountsIn(teamA)}/other`, { metadata: { annotations: { a: 'b' } } }],
    ['PATCH', `${accountsIn(elsewhere)}/default`, { metadata: { annotations: { a: 'b' } } }],
    ['PUT', `${accountsIn(teamA)}/web`, { metadata: { name: 'web' } }],
    ['DELETE', `${accountsIn(teamA)}/web`],
    ['GET', `${a}/events`],
    ['GET', `${a}/pods`],
    ['POST', `${a}/pods`, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'mine' } }],
    ['GET', `${a}/configmaps`],
    [
      'POST',
      `${a}/configmaps`,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mine' } },
    ],
    ['GET', `/apis/apps/v1/namespaces/${teamA}/deployments`],
    ['GET', `/api/v1/namespaces/${teamA}`],
    ['PATCH', `/api/v1/namespaces/${teamA}`, { metadata: { labels: { a: 'b' } } }],
    ['DELETE', `/api/v1/namespaces/${elsewhere}`],
    ['GET', '/api/v1/nodes'],
    ['POST', `${rolesIn}/rolebindings`, binding],
    ['POST', `${rbac}/clusterrolebindings`, { ...binding, kind: 'ClusterRoleBinding' }],
    ['PATCH', `${rolesIn}/roles/akv-injector-sync`, { rules: [] }],
    ['PATCH', `${rolesIn}/rolebindings/akv-injector-sync`, {}],
    ['PATCH', `${rbac}/clusterroles/admin`, {}],
    ['PATCH', `${admission}/validatingadmissionpolicies/akv-injector-sync-tokens`, {}],
    ['DELETE', `${admission}/validatingadmissionpolicybindings/akv-injector-sync-secrets`],
    ['GET', `${admission}/mutatingwebhookconfigurations/zz-akv-injector`],
    ['POST', '/apis/certificates.k8s.io/v1/certificatesigningrequests', {}],
    ['POST', '/apis/authentication.k8s.io/v1/tokenreviews', {}],
  ]
  for (const [method, path, body] of cases) {
    const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const answer = await controller.call({ method, path, contentType, ...(body && { body }) })
    t.equal(answer.status, 403, `${method} ${path}`)
  }
})

t.test('the sync controller can’t impersonate anyone', async (t) => {
  for (const as of [
    'kubernetes-admin',
    'system:kube-controller-manager',
    `system:serviceaccount:${teamA}:web`,
    `system:serviceaccount:${syncAccount.namespace}:akv-injector-certs`,
  ]) {
    const { status, body } = await controller.call({ method: 'GET', path: '/version', as })
    t.equal(status, 403, as)
    t.match(body.message, 'cannot impersonate')
  }
})

t.test('the policies apply only to that account', async (t) => {
  const secretOf = (fields: object): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    ...fields,
    metadata: {
      name: 'x',
      namespace: teamA,
      annotations: { 'kubernetes.io/service-account.name': 'other' },
    },
  })
  for (const object of [secretOf({}), secretOf({ type: 'kubernetes.io/service-account-token' })])
    t.equal((await cluster.create(object, { dryRun: true })).status, 201)
  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'web', namespace: teamA },
  }
  t.ok(await cluster.token(account, 'x'))
})
