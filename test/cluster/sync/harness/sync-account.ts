import type { Test } from 'tap'
import { accountKubeconfig } from '../../client/account-kubeconfig.ts'
import { type Answer, type Api, connect } from '../../client/api.ts'
import { type Cluster, openCluster, until } from '../../client/cluster.ts'
import { type InstalledSync, installSync } from './install-sync.ts'

/** The service account of the sync controller, with the chart's permissions. Only the test uses it. */
export interface SyncAccount extends InstalledSync {
  readonly cluster: Cluster
  /** A client with an administrator's permissions. */
  readonly api: Api
  /** A client with the account's token, as in its pod. */
  readonly controller: Api
  /** The kubeconfig of the account. */
  readonly kubeconfigFile: string
}

export const syncAccount = { name: 'akv-injector-sync', namespace: 'akv-injector' }
export const fieldManager = 'akv-injector-sync'
export const secretsIn = (namespace: string) => `/api/v1/namespaces/${namespace}/secrets`
export const accountsIn = (namespace: string) => `/api/v1/namespaces/${namespace}/serviceaccounts`

/** Applies an object as the controller does, and takes its fields over from other managers. */
export const forceApply = (controller: Api, path: string, body: object): Promise<Answer> =>
  controller.call({
    method: 'PATCH',
    path,
    body,
    contentType: 'application/apply-patch+yaml',
    query: { fieldManager, force: 'true' },
  })

/** Installs sync for two namespaces, and resolves when its permissions and policies are in effect. */
export async function openSyncAccount(t: Test): Promise<SyncAccount> {
  const cluster = openCluster(t)
  const kubeconfigFile = process.env['KUBECONFIG'] ?? ''
  const api = connect(kubeconfigFile)
  t.teardown(() => api.close())
  const installed = await installSync(t, cluster)
  const ownKubeconfigFile = await accountKubeconfig({
    api,
    kubeconfigFile,
    account: syncAccount,
    folder: t.testdir(),
  })
  const controller = connect(ownKubeconfigFile)
  t.teardown(() => controller.close())
  await untilInForce(controller, installed.namespaces.teamB)
  return { ...installed, cluster, api, controller, kubeconfigFile: ownKubeconfigFile }
}

type Policy = 'tokens' | 'secrets' | 'accounts' | 'statuses'

/** Matches the message with which one of its policies refuses a request. */
export const deniedBy = (policy: Policy) =>
  new RegExp(
    `ValidatingAdmissionPolicy 'akv-injector-sync-${policy}' .* denied request: The sync controller`,
  )

/** Permissions take effect within moments, policies when the API server has compiled them. */
async function untilInForce(controller: Api, namespace: string): Promise<void> {
  const path = secretsIn(namespace)
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'foreign' } }
  const token = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }
  const isDenied = async (policy: Policy, answer: Promise<Answer>) =>
    deniedBy(policy).test((await answer).body.message ?? '')
  await until(
    async () => (await controller.call({ method: 'GET', path: `${path}/absent` })).status === 404,
  )
  await until(() =>
    isDenied(
      'secrets',
      controller.call({ method: 'POST', path, body: secret, query: { dryRun: 'All' } }),
    ),
  )
  await until(() =>
    isDenied(
      'tokens',
      controller.call({
        method: 'POST',
        path: `${accountsIn(namespace)}/web/token`,
        body: token,
      }),
    ),
  )
  await until(() =>
    isDenied(
      'accounts',
      controller.call({
        method: 'PATCH',
        path: `${accountsIn(namespace)}/web`,
        contentType: 'application/merge-patch+json',
        body: { metadata: { labels: { not: 'allowed' } } },
        query: { dryRun: 'All' },
      }),
    ),
  )
}
