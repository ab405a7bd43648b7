import t from 'tap'
import { withoutHelm } from '../../manifests/helm.ts'
import type { KubeObject } from '../client/api.ts'
import { openCluster, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { secretProviderClassCrd } from '../harness/install/csi-manifests.ts'
import { dryRunInstall } from '../harness/install/dry-run-install.ts'

/** What Helm finds in the cluster decides whether the chart has the CRD, and what its notes say. */
const skip = withoutHelm
const cluster = openCluster(t)
const crd = secretProviderClassCrd()
const csiDriver: KubeObject = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSIDriver',
  metadata: { name: 'secrets-store.csi.k8s.io' },
}

function install(...values: readonly string[]) {
  const { objects, notes } = dryRunInstall(...values)
  return { hasCrd: objects.some(({ kind }) => kind === crd.kind), notes }
}

async function remove(object: KubeObject): Promise<void> {
  await cluster.delete(object)
  await until(async () => (await cluster.get(object)).status === 404)
}
const withAnnotations = (annotations: object): KubeObject => ({
  ...crd,
  metadata: { ...crd.metadata, annotations },
})

t.test('the chart has the CRD unless somebody else installed it', { skip }, async (t) => {
  t.teardown(() => remove(crd))
  const labelled = 'csi.namespaces=labelled'
  await remove(crd)
  t.equal(install(labelled).hasCrd, true, 'the cluster has none')
  t.equal(install(labelled, 'csi.crd=false').hasCrd, false)
  t.equal(install('csi.namespaces=none').hasCrd, false)

  expectSuccess(await cluster.apply(crd))
  t.equal(install(labelled).hasCrd, false, 'kubectl or the driver installed it')
  const releaseOf = (name: string, namespace: string) => ({
    'meta.helm.sh/release-name': name,
    'meta.helm.sh/release-namespace': namespace,
  })
  for (const [name, namespace, expected] of [
    ['akv-injector', 'vaults', true],
    ['akv-injector', 'other', false],
    ['csi-secrets-store', 'vaults', false],
  ] as const) {
    expectSuccess(await cluster.apply(withAnnotations(releaseOf(name, namespace))))
    t.equal(install(labelled).hasCrd, expected, `release ${name} in ${namespace} installed it`)
  }
})

t.test('the notes say what to do next', { skip }, async (t) => {
  t.match(install('csi.namespaces=labelled').notes, 'akv-injector.io/csi=true')
  t.match(install('csi.namespaces=all').notes, 'CSI Driver work unchanged.')
  t.notMatch(install('csi.namespaces=none').notes, /CSI/)
})

t.test(
  'the notes warn about a driver beside "all", and about a missing CRD',
  { skip },
  async (t) => {
    const driverWarning = 'the Secrets Store CSI Driver is still installed'
    const crdWarning = 'this cluster has no kind SecretProviderClass'
    t.notMatch(install('csi.namespaces=all').notes, driverWarning)
    t.match(install('csi.namespaces=all', 'csi.crd=false').notes, crdWarning)
    t.teardown(() => Promise.all([remove(crd), remove(csiDriver)]))
    expectSuccess(await cluster.apply(crd))
    expectSuccess(await cluster.apply({ ...csiDriver, spec: { attachRequired: false } }))
    t.match(install('csi.namespaces=all').notes, driverWarning)
    t.notMatch(install('csi.namespaces=labelled').notes, driverWarning)
    t.notMatch(install('csi.namespaces=all', 'csi.crd=false').notes, crdWarning)
  },
)
