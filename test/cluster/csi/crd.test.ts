import t from 'tap'
import type { KubeObject } from '../client/api.ts'
import { testNamespace } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { openCsiCluster } from './harness/open-csi-cluster.ts'

/** Tests that the API server takes the same SecretProviderClasses as with the driver's CRD. */
const cluster = await openCsiCluster(t)
const namespace = await testNamespace(t, cluster)
const group = 'secrets-store.csi.x-k8s.io'

const secretObjects = [
  {
    secretName: 'app',
    type: 'Opaque',
    labels: { app: 'web' },
    annotations: { note: 'x' },
    data: [{ objectName: 'db-password', key: 'password' }],
  },
]
const parameters = { keyvaultName: 'team-a', usePodIdentity: 'false', objects: 'array: []' }
const classOf = (spec: object, version = 'v1', name = 'azure-kv'): KubeObject => ({
  apiVersion: `${group}/${version}`,
  kind: 'SecretProviderClass',
  metadata: { name, namespace },
  spec,
})

t.test('a class comes back as it was applied, in both versions', async (t) => {
  const spec = { provider: 'azure', parameters, secretObjects }
  for (const version of ['v1', 'v1alpha1']) {
    const { warnings } = expectSuccess(await cluster.apply(classOf(spec, version)))
    t.equal(warnings.length, version === 'v1' ? 0 : 1)
    for (const read of ['v1', 'v1alpha1']) {
      const { body } = expectSuccess(await cluster.get(classOf(spec, read)))
      t.strictSame(body['spec'], spec)
      t.equal(body.apiVersion, `${group}/${read}`)
    }
  }
})

t.test(
  'the status of a class that was exported from a cluster with the driver is kept',
  async (t) => {
    const status = { byPod: [{ id: 'x', namespace: 'default' }] }
    const { warnings } = expectSuccess(
      await cluster.apply({ ...classOf({ provider: 'azure', parameters }), status }),
    )
    t.strictSame(warnings, [])
  },
)

t.test('a class without parameters, and one of another provider, are accepted', async () => {
  for (const spec of [{}, { provider: 'azure' }, { provider: 'vault', parameters: { a: 'b' } }])
    expectSuccess(await cluster.create(classOf(spec, 'v1', 'other'), { dryRun: true }))
})

t.test('parameters that aren’t strings are refused', async (t) => {
  for (const value of [true, 1, {}, []]) {
    const spec = { provider: 'azure', parameters: { usePodIdentity: value } }
    const { status, body } = await cluster.create(classOf(spec, 'v1', 'other'), { dryRun: true })
    t.equal(status, 422, JSON.stringify(value))
    t.match(body.message, 'spec.parameters.usePodIdentity')
  }
})
