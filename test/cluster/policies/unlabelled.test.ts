import t from 'tap'
import { withoutHelm } from '../../manifests/helm.ts'
import type { KubeObject } from '../client/api.ts'
import { openCluster, testNamespace, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { plainPod } from '../client/pods.ts'
import { dryRunInstall } from '../harness/install/dry-run-install.ts'
import { checkTypes } from './check-types.ts'
import { type WorkloadOptions, workloads } from './workloads.ts'

/** Tests the warning about volumes of the CSI driver in namespaces without the label, on a cluster without the driver. */
const skip = withoutHelm
const cluster = openCluster(t)
const name = 'akv-injector-unlabelled-namespaces'
const render = (...values: readonly string[]) =>
  dryRunInstall(...values).objects.filter(
    ({ metadata }) => metadata.name === name,
  ) as readonly KubeObject[]
const driver = 'secrets-store.csi.k8s.io'
const volumeOf = (driver: string) => ({
  name: 'secrets-store',
  csi: { driver, readOnly: true, volumeAttributes: { secretProviderClass: 'azure-kv' } },
})

t.test('it exists only with labelled namespaces, and without the driver', { skip }, async (t) => {
  t.equal(render('csi.namespaces=labelled').length, 2)
  t.strictSame(render('csi.namespaces=labelled', 'policies.uninjectedPods=off'), [])
  for (const served of ['none', 'all']) t.strictSame(render(`csi.namespaces=${served}`), [])
  const csiDriver = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIDriver',
    metadata: { name: driver },
  }
  t.teardown(() => cluster.delete(csiDriver))
  expectSuccess(await cluster.create({ ...csiDriver, spec: { attachRequired: false } }))
  t.strictSame(render('csi.namespaces=labelled'), [])
})

t.test('without the driver, volumes that nobody serves are reported', { skip }, async (t) => {
  const policy = render('csi.namespaces=labelled')
  t.teardown(async () => {
    for (const object of policy) await cluster.delete(object)
  })
  for (const object of policy) expectSuccess(await cluster.apply(object))
  const unlabelled = await testNamespace(t, cluster)
  const labelled = await testNamespace(t, cluster, { 'akv-injector.io/csi': 'true' })

  const pod = ({ namespace, volumes = [] }: WorkloadOptions): KubeObject =>
    plainPod({ volumes }, { namespace })
  const warningsOf = async (options: Partial<WorkloadOptions> = {}) => {
    const all = { namespace: unlabelled, volumes: [volumeOf(driver)], ...options }
    const answers = await Promise.all(
      [pod(all), ...workloads(all)].map((object) => cluster.create(object, { dryRun: true })),
    )
    return answers.flatMap((answer) => expectSuccess(answer).warnings)
  }
  await until(async () => (await warningsOf()).length > 0)

  const warnings = await warningsOf()
  t.equal(warnings.length, 3, 'the pod, the Deployment and the CronJob')
  for (const warning of warnings) {
    t.match(warning, "The Secrets Store CSI Driver isn't installed")
    t.match(warning, `kubectl label namespace ${unlabelled} akv-injector.io/csi=true`)
  }
  const others: Readonly<Record<string, Partial<WorkloadOptions>>> = {
    'of a labelled namespace': { namespace: labelled },
    'with a volume of another driver': { volumes: [volumeOf('other.csi.example')] },
    'with a volume of another kind': { volumes: [{ name: 'secrets-store', emptyDir: {} }] },
    'without a volume': { volumes: [] },
  }
  for (const [which, options] of Object.entries(others))
    t.strictSame(await warningsOf(options), [], which)
  await t.test('a pod that a workload created is reported there', async (t) => {
    const { metadata, ...fields } = pod({ namespace: unlabelled, volumes: [volumeOf(driver)] })
    const owner = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      name: 'web',
      uid: '1',
      controller: true,
    }
    const object = { ...fields, metadata: { ...metadata, ownerReferences: [owner] } }
    t.strictSame(expectSuccess(await cluster.create(object, { dryRun: true })).warnings, [])
  })
  await checkTypes(t, cluster, policy)
})
