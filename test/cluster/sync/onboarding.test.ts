import t from 'tap'
import { parseAllDocuments, stringify } from 'yaml'
import { runInProcess } from '../../support/run-in-process.ts'
import { tenantId } from '../../support/servers/start-test-emulator.ts'
import { webId } from '../../sync/harness/simulation.ts'
import { accountKubeconfig } from '../client/account-kubeconfig.ts'
import { connect, type KubeObject } from '../client/api.ts'
import { clusterOf, until } from '../client/cluster.ts'
import { applyCrds } from '../client/crds.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { crdsFolder, isCrd } from '../harness/install/csi-manifests.ts'
import { startOwnCluster } from './harness/own-cluster.ts'
import { secretsIn } from './harness/sync-account.ts'
import { syncProgram } from './harness/sync-program.ts'

const { CLUSTER_AUDIT_LOG } = process.env
const skip = CLUSTER_AUDIT_LOG ? false : 'needs an API server of its own'
const namespace = 'shop'
const rbac = 'rbac.authorization.k8s.io'
const vaultData = `
tenantId: ${tenantId}
identities:
  - { clientId: ${webId}, federatedCredentials: [{ subject: 'system:serviceaccount:${namespace}:web' }] }
vaults:
  team-a: { readers: [${webId}], secrets: { db: correct horse, extra: more } }
`

const kinds = [
  { group: 'external-secrets.io', plural: 'externalsecrets' },
  { group: 'external-secrets.io', plural: 'secretstores' },
  { group: 'secrets-store.csi.x-k8s.io', plural: 'secretproviderclasses' },
]

/** What a team has in its repository. */
const teamManifests = (vaultUrl: string): readonly KubeObject[] => [
  {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name: 'web',
      namespace,
      annotations: {
        'azure.workload.identity/client-id': webId,
        'azure.workload.identity/tenant-id': tenantId,
      },
    },
  },
  {
    apiVersion: 'external-secrets.io/v1',
    kind: 'SecretStore',
    metadata: { name: 'kv', namespace },
    spec: {
      provider: {
        azurekv: { authType: 'WorkloadIdentity', vaultUrl, serviceAccountRef: { name: 'web' } },
      },
    },
  },
  externalSecret('db'),
  {
    apiVersion: 'secrets-store.csi.x-k8s.io/v1',
    kind: 'SecretProviderClass',
    metadata: {
      name: 'kv',
      namespace,
      annotations: { 'akv-injector.io/service-account': 'web' },
    },
    spec: {
      provider: 'azure',
      parameters: {
        keyvaultName: 'team-a',
        tenantId,
        clientID: webId,
        objects: stringify({ array: [stringify({ objectName: 'extra', objectType: 'secret' })] }),
      },
      secretObjects: [
        { secretName: 'of-class', type: 'Opaque', data: [{ objectName: 'extra', key: 'extra' }] },
      ],
    },
  },
]

function externalSecret(name: string): KubeObject {
  return {
    apiVersion: 'external-secrets.io/v1',
    kind: 'ExternalSecret',
    metadata: { name, namespace },
    spec: {
      secretStoreRef: { name: 'kv' },
      data: [{ secretKey: 'password', remoteRef: { key: 'db' } }],
    },
  }
}

t.test('a team with admin in its namespace needs no administrator', { skip }, async (t) => {
  const { api, cluster, azure, kubeconfigFile, ...own } = await startOwnCluster(t, vaultData)
  await applyCrds(cluster, crdsFolder().filter(isCrd))
  for (const object of crdsFolder().filter((object) => !isCrd(object)))
    expectSuccess(await cluster.apply(object))
  const create = async (object: KubeObject) => expectSuccess(await cluster.create(object))
  for (const name of [namespace, 'people'])
    await create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  await create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'other' } })
  const syncKubeconfig = await own.enableSync('default', ['other'])

  /** The kubeconfig of somebody who has a ClusterRole in the team's namespace, and nothing else. */
  async function kubeconfigWith(role: string): Promise<string> {
    const account = { name: role, namespace: 'people' }
    await create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: account })
    await create({
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: { name: role, namespace },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', ...account }],
    })
    return await accountKubeconfig({ api, kubeconfigFile, account, folder: t.testdir() })
  }
  const team = connect(await kubeconfigWith('admin'))
  t.teardown(() => team.close())
  const asTeam = clusterOf(team)
  const hasSecret = async (name: string) =>
    (await asTeam.get({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace } }))
      .status === 200
  const manifests = teamManifests(`${azure.url}/team-a`)
  // The emulated vault has a host of its own, which the command line doesn't know.
  const roles = await rolesFor(teamManifests('https://team-a.vault.azure.net'))
  const start = await syncProgram(t, {
    kubeconfigFile: syncKubeconfig,
    cloud: azure,
    classes: true,
    externalSecrets: true,
  })
  const program = await start()
  const controller = connect(syncKubeconfig)
  t.teardown(() => controller.close())

  await t.test('its manifests and what rbac prints give it Secrets', async (t) => {
    // Kinds, and the rules that RBAC adds to admin, take effect a moment later.
    for (const kind of kinds) {
      const path = `/apis/${kind.group}/v1/namespaces/${namespace}/${kind.plural}`
      await until(async () => (await team.call({ method: 'GET', path })).status === 200)
    }
    for (const object of manifests)
      await until(async () => (await asTeam.apply(object)).status < 300)
    t.equal(roles.length, 2)
    for (const object of roles) expectSuccess(await asTeam.apply(object))
    for (const name of ['db', 'of-class']) await until(() => hasSecret(name))
  })

  await t.test('with view, status and doctor read these kinds', async (t) => {
    const KUBECONFIG = await kubeconfigWith('view')
    const run = (...args: readonly string[]) =>
      runInProcess([...args, '-n', namespace], { env: { KUBECONFIG, CI: 'true' } })
    const rows = ['externalsecret/db', 'secretproviderclass/kv', 'serviceaccount/web']
    // RBAC adds the rules to view a moment after those to admin.
    await until(async () => {
      const { stdout } = await run('status')
      return rows.every((row) => stdout.includes(row))
    })
    const { stdout } = await run('doctor')
    t.notMatch(stdout, /missing.*(externalsecrets|secretstores|secretproviderclass)/)
  })

  await t.test('a Role that returns takes effect again', async (t) => {
    const [role] = roles
    if (!role) throw new Error('there is no Role')
    const enabledNamespaces = () => program.metric('akv_injector_sync_namespaces{state="ready"}')
    t.equal(await enabledNamespaces(), 2)
    expectSuccess(await asTeam.delete(role))
    // RBAC sees it a moment later. Until then, the controller would still make the Secret.
    const path = `${secretsIn(namespace)}/absent`
    await until(async () => (await controller.call({ method: 'GET', path })).status === 403)
    // The next token is refused.
    expectSuccess(await asTeam.apply(externalSecret('later')))
    await until(async () => (await enabledNamespaces()) === 1)
    const startedMs = performance.now()
    expectSuccess(await asTeam.apply(role))
    await until(() => hasSecret('later'))
    t.comment(`after ${Math.round(performance.now() - startedMs)} ms`)
  })
})

/** What `akv-injector rbac` prints for these manifests. */
async function rolesFor(manifests: readonly KubeObject[]): Promise<readonly KubeObject[]> {
  const input = manifests.map((object) => JSON.stringify(object)).join('\n---\n')
  const { code, stdout, stderr } = await runInProcess(['rbac', '-'], { input })
  if (code !== 0) throw new Error(stderr)
  return parseAllDocuments(stdout).map((document) => document.toJS())
}
