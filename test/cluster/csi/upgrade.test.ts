import t, { type Test } from 'tap'
import { withoutHelm } from '../../manifests/helm.ts'
import { runCerts } from '../certs/run-certs.ts'
import { connect, type KubeObject } from '../client/api.ts'
import { openCluster } from '../client/cluster.ts'
import { deleteCrds } from '../client/crds.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { readCsiManifests, secretProviderClassCrd } from '../harness/install/csi-manifests.ts'
import { forgetRelease, helmUpgrade } from '../harness/install/helm-upgrade.ts'
import { installObjects, webhookConfiguration } from '../harness/install/install.ts'

/** Tests `helm upgrade` from one value of `csi.namespaces` to another. */
const skip = withoutHelm
const kubeconfigFile = process.env['KUBECONFIG'] ?? ''
const cluster = openCluster(t)
const api = connect(kubeconfigFile)
t.teardown(() => api.close())
const upgrade = (mode: string) => helmUpgrade({ csi: { namespaces: mode } })

const reconcile = async (t: Test) => {
  const ended = await runCerts(t, { api, kubeconfigFile, until: 'everything is in place' })
  t.match(ended, { code: 0, stderr: '' })
}

interface Entry {
  readonly name: string
  readonly clientConfig: { readonly caBundle?: string }
}
const readBundles = async (): Promise<readonly (readonly [string, string | undefined])[]> => {
  const { body } = expectSuccess(await cluster.get(webhookConfiguration()))
  return (body['webhooks'] as readonly Entry[]).map(({ name, clientConfig }) => [
    name,
    clientConfig.caBundle,
  ])
}
const exists = async (object: KubeObject) => (await cluster.get(object)).status === 200

t.test('caBundle, and the CRD, outlive every change of csi.namespaces', { skip }, async (t) => {
  const permissions = readCsiManifests('labelled').filter(({ kind }) =>
    kind.startsWith('ClusterRole'),
  )
  t.teardown(async () => {
    for (const object of permissions) await cluster.delete(object)
    await deleteCrds(cluster, [secretProviderClassCrd()])
    await forgetRelease(api)
    for (const object of installObjects()) await cluster.apply(object)
  })
  upgrade('none')
  await reconcile(t)
  const [[name, before] = []] = await readBundles()
  t.ok(before)
  t.equal(await exists(secretProviderClassCrd()), false)

  upgrade('labelled')
  t.strictSame(await readBundles(), [
    [name, before],
    ['csi-pods.akv-injector.io', undefined],
  ])
  await reconcile(t)
  t.strictSame(await readBundles(), [
    [name, before],
    ['csi-pods.akv-injector.io', before],
  ])
  for (const object of [secretProviderClassCrd(), ...permissions]) t.ok(await exists(object))

  upgrade('all')
  t.strictSame(await readBundles(), [[name, before]])
  upgrade('labelled')
  t.strictSame(await readBundles(), [
    [name, before],
    ['csi-pods.akv-injector.io', undefined],
  ])
  upgrade('none')
  t.strictSame(await readBundles(), [[name, before]])
  t.ok(await exists(secretProviderClassCrd()), 'Helm keeps the CRD')
  for (const object of permissions) t.notOk(await exists(object), 'but no permission')
})
