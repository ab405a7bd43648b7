import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { readRendered } from '../../../manifests/rendered.ts'
import { accountKubeconfig } from '../../client/account-kubeconfig.ts'
import { type Api, connect, type KubeObject } from '../../client/api.ts'
import { type Cluster, until } from '../../client/cluster.ts'
import { expectSuccess } from '../../client/expect-success.ts'
import { secretsIn, syncAccount } from './sync-account.ts'
import { teamRoles } from './team-roles.ts'

const manifest = join(import.meta.dirname, '../../../fixtures/sync/install.yaml')
/** The tests start the controller themselves, and decide which kinds exist. */
const left = ['Deployment', 'NetworkPolicy', 'CustomResourceDefinition']

/**
 * Applies the chart's permissions and policies for sync to a cluster that has nothing of the chart, and enables accounts of a
 * namespace. Resolves when the permissions are in effect.
 *
 * @returns the path of the controller's kubeconfig
 */
export async function enableSync(
  t: Test,
  options: {
    readonly api: Api
    readonly cluster: Cluster
    readonly kubeconfigFile: string
    /** The folder for the controller's kubeconfig. */
    readonly folder: string
    readonly namespace: string
    readonly accounts: readonly string[]
  },
): Promise<string> {
  const { api, cluster, kubeconfigFile, folder, namespace, accounts } = options
  const { objects } = readRendered(readFileSync(manifest, 'utf8'))
  const ofChart: readonly KubeObject[] = objects.filter(({ kind }) => !left.includes(kind))
  const own = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: syncAccount.namespace } }
  for (const object of [own, ...ofChart, ...teamRoles(namespace, accounts)])
    expectSuccess(await cluster.apply(object))
  const ownKubeconfigFile = await accountKubeconfig({
    ...{ api, kubeconfigFile, folder },
    account: syncAccount,
  })
  const controller = connect(ownKubeconfigFile)
  t.teardown(() => controller.close())
  const path = `${secretsIn(namespace)}/absent`
  await until(async () => (await controller.call({ method: 'GET', path })).status === 404)
  return ownKubeconfigFile
}
