import t from 'tap'
import { openConnection } from '../../../kubernetes/connection.ts'
import { valueAt } from '../../../lib/shape.ts'
import { followObjects } from '../../../sync/cluster/follow-objects.ts'
import { readSeenAccount } from '../../../sync/cluster/seen-account.ts'
import { tenantId } from '../../support/servers/start-test-emulator.ts'
import { annotations, webId } from '../../sync/harness/simulation.ts'
import { until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { startOwnCluster } from './harness/own-cluster.ts'
import { syncProgram } from './harness/sync-program.ts'

const { CLUSTER_AUDIT_LOG } = process.env
const skip = CLUSTER_AUDIT_LOG ? false : 'needs an API server that it can kill'
const vaultData = `
tenantId: ${tenantId}
identities:
  - { clientId: ${webId}, federatedCredentials: [{ subject: 'system:serviceaccount:default:web' }] }
vaults:
  team-a: { readers: [${webId}], secrets: { db-password: correct horse, extra: more } }
`

/** The other tests share an API server that must not be killed, so this test starts its own. */
t.test(
  'the controller survives an API server that is killed and starts again with an empty watch cache',
  { skip },
  async (t) => {
    const { local, cluster, azure, enableSync } = await startOwnCluster(t, vaultData)
    const kubeconfigFile = await enableSync('default', ['web'])
    const start = await syncProgram(t, { kubeconfigFile, cloud: azure })

    const annotate = async (sync: string) => {
      const metadata = { name: 'web', namespace: 'default', annotations: annotations(sync) }
      expectSuccess(await cluster.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata }))
    }
    const secret = async () => {
      const metadata = { name: 'db', namespace: 'default' }
      return (await cluster.get({ apiVersion: 'v1', kind: 'Secret', metadata })).body
    }
    const status = async () => {
      const metadata = { name: 'web', namespace: 'default' }
      const { body } = await cluster.get({ apiVersion: 'v1', kind: 'ServiceAccount', metadata })
      return String(valueAt(body, 'metadata', 'annotations', 'akv-injector.io/sync-status'))
    }
    const hasKey = async (key: string) => Object.hasOwn((await secret())['data'] ?? {}, key)
    const program = await start()
    await annotate('[{ secret: db, data: "password=db-password" }]')
    await until(() => hasKey('password'))
    // Creating a Secret takes two writes. The status follows when both are done.
    const isReady = /^db: ready\n {2}\[team-a:db-password@[0-9a-f]{32}\]$/
    await until(async () => isReady.test(await status()))
    const { uid, resourceVersion } = (await secret()).metadata
    // Without a later write, the new API server's first list could still have this version.
    const metadata = { name: 'later', namespace: 'default' }
    expectSuccess(await cluster.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata }))

    await local.restartApiServer()
    t.match((await secret()).metadata, { uid, resourceVersion })
    await annotate('[{ secret: db, data: "password=db-password, extra" }]')
    await until(() => hasKey('extra'))
    t.match((await secret()).metadata, { uid }, 'the controller sees accounts again')
    t.ok(await program.isReady())
    t.equal(await program.end('SIGTERM'), 0)

    // The new API server has no earlier events and answers 410, as after a compaction. The controller then lists again.
    process.env['KUBECONFIG'] = kubeconfigFile
    const { signal } = new AbortController()
    const watch = followObjects(openConnection({ signal }), {
      path: '/api/v1/namespaces/default/serviceaccounts',
      read: readSeenAccount,
      awaitTurn: async () => undefined,
      resourceVersion: String(resourceVersion),
      onObject: () => t.fail('the watch reports an account'),
      onGone: () => t.fail('the watch reports a deleted account'),
      signal,
    })
    await t.rejects(watch, /ended the watch with an error|answered 410/)
  },
)
