import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openConnection } from '../../../kubernetes/connection.ts'
import { followObjects } from '../../../sync/cluster/follow-objects.ts'
import { readSeenAccount } from '../../../sync/cluster/seen-account.ts'
import { tenantId } from '../../support/servers/start-test-emulator.ts'
import { annotations, webId } from '../../sync/harness/simulation.ts'
import { connect } from '../client/api.ts'
import { clusterOf, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { readKubeconfig } from '../client/kubeconfig.ts'
import { startEmulatorProcess } from '../harness/emulator-process.ts'
import { publishIssuerKeys } from '../harness/publish-issuer-keys.ts'
import { startCluster } from '../harness/start-cluster.ts'
import { temporaryFolder } from '../harness/temporary-folder.ts'
import { apiServerParts, findParts } from '../parts/find-parts.ts'
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
    const log = (line: string) => void t.comment(line)
    const found = await findParts({ env: process.env, log, names: apiServerParts })
    if (found.kind === 'invalid') throw new Error(found.problem)
    const { path: folder, remove } = temporaryFolder()
    t.teardown(remove)
    const local = await startCluster({ parts: found.value, folder })
    t.teardown(() => local.stop())
    const { kubeconfigFile } = local
    const cluster = clusterOf(connect(kubeconfigFile))
    t.teardown(() => cluster.close())
    await publishIssuerKeys(cluster)
    const data = join(folder, 'vault.yaml')
    writeFileSync(data, vaultData)
    const azure = await startEmulatorProcess({
      access: readKubeconfig(kubeconfigFile),
      folder,
      data,
    })
    t.teardown(() => azure.stop())
    const start = await syncProgram(t, { accounts: 'default=web', kubeconfigFile, cloud: azure })

    const annotate = async (sync: string) => {
      const metadata = { name: 'web', namespace: 'default', annotations: annotations(sync) }
      expectSuccess(await cluster.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata }))
    }
    const secret = async () => {
      const metadata = { name: 'db', namespace: 'default' }
      return (await cluster.get({ apiVersion: 'v1', kind: 'Secret', metadata })).body
    }
    const hasKey = async (key: string) => Object.hasOwn((await secret())['data'] ?? {}, key)
    const program = await start()
    await annotate('[{ secret: db, data: "password=db-password" }]')
    await until(() => hasKey('password'))
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
      resourceVersion: String(resourceVersion),
      onObject: () => t.fail('the watch reports an account'),
      onGone: () => t.fail('the watch reports a deleted account'),
      signal,
    })
    await t.rejects(watch, /ended the watch with an error|answered 410/)
  },
)
