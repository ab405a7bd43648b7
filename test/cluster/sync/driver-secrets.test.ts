import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { skipped } from '../../support/needs/without.ts'
import { pageCommands } from '../../support/page-commands.ts'
import { annotations } from '../../sync/harness/simulation.ts'
import type { KubeObject } from '../client/api.ts'
import { until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { findParts } from '../parts/find-parts.ts'
import { base64, good, openAccountTestbed, sync } from './harness/account-testbed.ts'

/** Tests the handover of Secrets that the Secrets Store CSI Driver made, as docs/from-csi.md describes it. */
// The testbed names the controller's own kubeconfig in this variable.
const env = { ...process.env }
const testbed = await openAccountTestbed(t)
const { cluster, namespace, object, reset } = testbed
const found = await findParts({
  env,
  log: (line) => t.comment(line),
  names: ['kubectl'],
})
const skip = found.kind === 'invalid' && skipped('go', found.problem)

/** The driver makes the controller of the pods that mount a class an owner of the Secret. */
const replicaSet: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { namespace, name: 'web-1' },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'app', image: 'registry.example/app:1' }] },
    },
  },
}

t.test(
  'a Secret of the driver outlives the driver’s owners once it is adopted',
  { skip },
  async (t) => {
    if (found.kind === 'invalid') return
    await reset('[{ secret: other, data: extra }]')
    const { body } = expectSuccess(await cluster.create(replicaSet))
    const ofDriver = (name: string) =>
      object(name, {
        metadata: {
          ...{ name, namespace },
          labels: { 'secrets-store.csi.k8s.io/managed': 'true' },
          ownerReferences: [
            { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: body.metadata['uid'] },
          ],
        },
        data: { password: base64('of the driver'), url: base64('of the driver') },
        type: 'Opaque',
      })
    expectSuccess(await cluster.create(ofDriver('db')))
    await testbed.annotate(annotations(sync))
    await testbed.round()
    t.match(await testbed.events(), [
      'Synced: deleted Secret other',
      /AKV_SECRET_FOREIGN: .*db.*ReplicaSet\/web-1/,
    ])
    t.strictSame(await testbed.values('db'), { password: 'of the driver', url: 'of the driver' })

    const commands = pageCommands('docs/from-csi.md', '7. Secrets of secretObjects')
    const command = commands.find((command) => command.startsWith('kubectl annotate secrets')) ?? ''
    const pasted = command.replace('kubectl', found.value.kubectl).replace('shop', namespace)
    await promisify(execFile)('sh', ['-c', pasted], { env })
    testbed.pass(330_000)
    await testbed.round()
    t.strictSame(await testbed.values('db'), good)
    t.match((await testbed.secret('db'))?.metadata['ownerReferences'], [
      { kind: 'ReplicaSet' },
      { kind: 'ServiceAccount', name: 'web' },
    ])

    expectSuccess(await cluster.create(ofDriver('not-adopted')))
    expectSuccess(await cluster.delete(replicaSet))
    await until(async () => (await testbed.secret('not-adopted')) === undefined)
    await testbed.round()
    t.strictSame(await testbed.values('db'), good)
    await until(async () => {
      const owners = (await testbed.secret('db'))?.metadata['ownerReferences']
      return Array.isArray(owners) && owners.length === 1
    })
    t.match((await testbed.secret('db'))?.metadata['ownerReferences'], [{ kind: 'ServiceAccount' }])
  },
)
