import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { runInProcess } from '../../support/run-in-process.ts'
import { accountKubeconfig } from '../client/account-kubeconfig.ts'
import { type Api, connect, type KubeObject } from '../client/api.ts'
import { testNamespace, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { accountsIn, openSyncAccount, secretsIn } from './harness/sync-account.ts'

/** Tests that somebody with the ClusterRole `admin` in a namespace enables its accounts, and that nobody gains more by it. */
const { cluster, api, controller } = await openSyncAccount(t)
const namespace = await testNamespace(t, cluster)
const rbac = 'rbac.authorization.k8s.io'
const rolesIn = (at: string) => `/apis/${rbac}/v1/namespaces/${at}`

const account = (name: string, annotations: Readonly<Record<string, string>> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace, annotations },
})
const requesting = {
  'akv-injector.io/vault': 'team-a',
  'akv-injector.io/sync': '- { secret: db, data: password=db }',
}

/** A client of somebody who has a ClusterRole in the namespace, and nothing else. */
async function somebodyWith(role: string): Promise<Api> {
  const name = `has-${role}`
  expectSuccess(await cluster.create(account(name)))
  expectSuccess(
    await cluster.create({
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: { name, namespace },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    }),
  )
  const file = await accountKubeconfig({
    api,
    kubeconfigFile: process.env['KUBECONFIG'] ?? '',
    account: { name, namespace },
    folder: t.testdir(),
  })
  const client = connect(file)
  t.teardown(() => client.close())
  const path = `/api/v1/namespaces/${namespace}/configmaps`
  await until(async () => (await client.call({ method: 'GET', path })).status === 200)
  return client
}

/** What `akv-injector rbac` prints for accounts that request a Secret. */
async function printedFor(names: readonly string[]): Promise<readonly KubeObject[]> {
  const accounts = names.map((name) => JSON.stringify(account(name, requesting)))
  const { code, stdout } = await runInProcess(['rbac', '-'], { input: accounts.join('\n---\n') })
  if (code !== 0) throw new Error(`exit code ${code}`)
  return parseAllDocuments(stdout).map((document) => document.toJS())
}

const applyAs = (client: Api, { kind, ...object }: KubeObject) =>
  client.call({
    method: 'PATCH',
    path: `${rolesIn(namespace)}/${kind === 'Role' ? 'roles' : 'rolebindings'}/${object.metadata.name}`,
    body: { kind, ...object },
    contentType: 'application/apply-patch+yaml',
    query: { fieldManager: 'kubectl' },
  })
const tokenOf = async (name: string) => {
  const { status } = await controller.call({
    method: 'POST',
    path: `${accountsIn(namespace)}/${name}/token`,
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: ['api://AzureADTokenExchange'], expirationSeconds: 600 },
    },
  })
  return status
}

const admin = await somebodyWith('admin')

t.test('with admin, the printed Roles enable exactly the accounts that they name', async (t) => {
  for (const name of ['web', 'api', 'other']) expectSuccess(await cluster.create(account(name)))
  t.equal(await tokenOf('web'), 403)
  const first = await printedFor(['web', 'api'])
  t.equal(first.length, 2)
  for (const object of first) {
    const { status, body } = await applyAs(admin, object)
    t.equal(status, 201, body.message ?? '')
  }
  await until(async () => (await tokenOf('web')) === 201)
  t.equal(await tokenOf('api'), 201)
  t.equal(await tokenOf('other'), 403)
  const absent = await controller.call({ method: 'GET', path: `${secretsIn(namespace)}/absent` })
  t.equal(absent.status, 404)

  for (const object of await printedFor(['web'])) expectSuccess(await applyAs(admin, object))
  await until(async () => (await tokenOf('api')) === 403)
  t.equal(await tokenOf('web'), 201)
})

t.test('with edit, nobody enables an account', async (t) => {
  const editor = await somebodyWith('edit')
  for (const object of await printedFor(['other']))
    t.equal((await applyAs(editor, object)).status, 403)
  t.equal(await tokenOf('other'), 403)
})

t.test('with admin, nobody grants the controller what admin doesn’t hold', async (t) => {
  const [role] = await printedFor(['web'])
  const { status } = await applyAs(admin, {
    ...(role as KubeObject),
    rules: [{ apiGroups: [rbac], resources: ['roles'], verbs: ['escalate', 'bind'] }],
  })
  t.equal(status, 403)
})
