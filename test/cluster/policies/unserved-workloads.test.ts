import t from 'tap'
import type { KubeObject } from '../client/api.ts'
import { openCluster, testNamespace, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { readCsiManifests } from '../harness/install/csi-manifests.ts'
import { readManifest } from '../harness/install/install.ts'
import { checkTypes } from './check-types.ts'
import { workloads } from './workloads.ts'

/** Tests the warning about workloads with volumes of the CSI driver in namespaces that are labelled but excluded. */
const cluster = openCluster(t)
const csiLabel = { 'akv-injector.io/csi': 'true' }
const excluded = await testNamespace(t, cluster, { 'control-plane': 'x', ...csiLabel })

const volume = {
  name: 'secrets-store',
  csi: {
    driver: 'secrets-store.csi.k8s.io',
    readOnly: true,
    volumeAttributes: { secretProviderClass: 'azure-kv' },
  },
}

const warnings = async (): Promise<readonly string[]> => {
  const answers = await Promise.all(
    workloads({ namespace: excluded, volumes: [volume] }).map((workload) =>
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
await until(async () => (await warnings()).length > 0)

t.test('such a workload is admitted with a warning', async (t) => {
  const all = await warnings()
  t.equal(all.length, 2)
  for (const warning of all) {
    t.match(warning, `the namespace ${excluded} is excluded from injection`)
    t.match(warning, 'leaves the volume to the driver')
  }
})

t.test('the API server reports no type errors in the policies', async (t) => {
  await checkTypes(t, cluster, readCsiManifests('labelled'))
})
