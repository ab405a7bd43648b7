import t from 'tap'
import { parseAllDocuments, stringify } from 'yaml'
import { connectCluster } from '../../../sync/cluster/api-server.ts'
import { rolloutRequests } from '../../../sync/rollouts/cluster/rollout-requests.ts'
import { readClasses } from '../../../sync/rollouts/look/read-classes.ts'
import { readRolledWorkload } from '../../../sync/rollouts/read/read-workload.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import { policy } from '../../webhook/core/policy.ts'
import { accountKubeconfig } from '../client/account-kubeconfig.ts'
import { connect, type KubeObject } from '../client/api.ts'
import { testNamespace, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { secretProviderClass } from './harness/classes.ts'
import { openCsiCluster } from './harness/open-csi-cluster.ts'

/** Tests that the Role that `rbac` prints lets the controller of roll-outs read the classes of workloads, and no others. */
const kubeconfigFile = process.env['KUBECONFIG'] ?? ''
const cluster = await openCsiCluster(t)
const api = connect(kubeconfigFile)
t.teardown(() => api.close())
const namespace = await testNamespace(t, cluster)

const controller = { name: 'controller', namespace }
for (const object of [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: controller },
  secretProviderClass({ namespace, name: 'named' }),
  secretProviderClass({ namespace, name: 'other' }),
  secretProviderClass({ namespace, name: 'mistaken', parameters: { keyvaultName: 'a/b' } }),
])
  expectSuccess(await cluster.apply(object))

const deployment = (...classes: readonly string[]): KubeObject => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
  metadata: {
    ...{ name: 'web', namespace, uid: 'u', resourceVersion: '1' },
    annotations: { 'akv-injector.io/on-change': 'rollout' },
  },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [{ name: 'app', image: 'app' }],
        volumes: classes.map((name) => ({
          name,
          csi: {
            ...{ driver: 'secrets-store.csi.k8s.io', readOnly: true },
            volumeAttributes: { secretProviderClass: name },
          },
        })),
      },
    },
  },
})

const folder = t.testdir()
const kubeconfig = await accountKubeconfig({ api, kubeconfigFile, account: controller, folder })
const abort = new AbortController()
t.teardown(() => abort.abort())
const { services } = connectCluster({ signal: abort.signal, kubeconfig })
const requests = rolloutRequests(services)

/** What the controller says of the classes of a Deployment. */
async function read(...classes: readonly string[]) {
  const workload = readRolledWorkload('Deployment', deployment(...classes))
  if (workload === undefined) throw new Error('the Deployment isn’t read')
  const found = await readClasses([workload], {
    namespace,
    services: { cluster: requests, policy },
  })
  return { names: [...found.classes.keys()], problems: found.problems }
}

t.test('without the Role, the sentence says what to apply', async (t) => {
  t.strictSame(await read('named'), {
    names: [],
    problems: [
      'the objects of SecretProviderClass named aren’t watched: the controller may not get it; apply the Role that "akv-injector rbac" prints',
    ],
  })
})

t.test('with it, exactly the named classes are read', async (t) => {
  const input = stringify(deployment('named', 'mistaken', 'absent'))
  const { code, stdout } = await runInProcess(['rbac', '-'], { input })
  t.equal(code, 0)
  const printed = parseAllDocuments(stdout).map((document) => document.toJS() as KubeObject)
  t.strictSame(
    printed.map(({ kind }) => kind),
    ['Role', 'RoleBinding'],
  )
  for (const object of printed)
    expectSuccess(
      await cluster.apply(
        object.kind === 'Role'
          ? object
          : { ...object, subjects: [{ kind: 'ServiceAccount', ...controller }] },
      ),
    )
  await until(async () => (await read('named')).names.length === 1)
  const { names, problems } = await read('named', 'other', 'mistaken', 'absent')
  t.strictSame(names, ['named'])
  t.match(problems, [
    /^the objects of SecretProviderClass other aren’t watched: the controller may not get it/,
    /^the objects of SecretProviderClass mistaken aren’t watched: .*keyvaultName/,
    /^the objects of SecretProviderClass absent aren’t watched: .*has no such SecretProviderClass/,
  ])
})
