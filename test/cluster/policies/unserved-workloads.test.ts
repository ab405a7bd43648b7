import t from 'tap'
import type { KubeObject } from '../client/api.ts'
import { openCluster, testNamespace, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { readCsiManifests } from '../harness/install/csi-manifests.ts'
import { readManifest } from '../harness/install/install.ts'
import { checkTypes } from './check-types.ts'
import { type WorkloadOptions, workloads } from './workloads.ts'

/** Tests the warning about workloads with volumes of the CSI driver in namespaces that are labelled but excluded. */
const cluster = openCluster(t)
const csiLabel = { 'akv-injector.io/csi': 'true' }
const excluded = await testNamespace(t, cluster, { 'control-plane': 'x', ...csiLabel })
const unlabelled = await testNamespace(t, cluster, { 'control-plane': 'x' })
const served = await testNamespace(t, cluster, csiLabel)

const volumeOf = (driver: string) => ({
  name: 'secrets-store',
  csi: { driver, readOnly: true, volumeAttributes: { secretProviderClass: 'azure-kv' } },
})
const driver = 'secrets-store.csi.k8s.io'

const warningsOf = async (options: Partial<WorkloadOptions> = {}): Promise<readonly string[]> => {
  const defaults = { namespace: excluded, volumes: [volumeOf(driver)] }
  const answers = await Promise.all(
    workloads({ ...defaults, ...options }).map((workload) =>
      cluster.apply(workload, { dryRun: true }),
    ),
  )
  return answers.flatMap((answer) => expectSuccess(answer).warnings)
}

const policies = ({ kind }: KubeObject) => kind.startsWith('ValidatingAdmissionPolicy')
t.teardown(async () => {
  for (const object of readManifest('install.yaml').filter(policies)) await cluster.apply(object)
})
for (const object of readCsiManifests('labelled').filter(policies))
  expectSuccess(await cluster.apply(object))
await until(async () => (await warningsOf()).length > 0)

t.test('such a workload is admitted with a warning', async (t) => {
  const warnings = await warningsOf()
  t.equal(warnings.length, 2)
  for (const warning of warnings) {
    t.match(warning, `the namespace ${excluded} is excluded from injection`)
    t.match(warning, 'leaves the volume to the driver')
  }
})

t.test('other workloads are admitted without a warning', async (t) => {
  const others: Readonly<Record<string, Partial<WorkloadOptions>>> = {
    'of a namespace that is served': { namespace: served },
    'of a namespace without the label': { namespace: unlabelled },
    'with a volume of another driver': { volumes: [volumeOf('other.csi.example')] },
    'with a volume of another kind': { volumes: [{ name: 'secrets-store', emptyDir: {} }] },
    'without a volume': { volumes: [] },
    'that wants the driver': { annotations: { inject: 'False' } },
  }
  for (const [which, options] of Object.entries(others))
    t.strictSame(await warningsOf(options), [], which)
})

t.test('the API server reports no type errors in the policies', async (t) => {
  await checkTypes(t, cluster, readCsiManifests('labelled'))
})
