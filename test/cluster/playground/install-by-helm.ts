import type { EmulatorData } from '../../../emulator/data/data.ts'
import type { Cluster } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { helmUpgrade } from '../harness/install/helm-upgrade.ts'
import { type Cloud, installTimeoutMs } from '../node/harness/install-with-vault.ts'
import { teamRoles } from '../sync/harness/team-roles.ts'
import { untilCalled } from '../webhook/harness/serve-webhook.ts'

export interface InstallByHelmOptions {
  readonly kubeconfigFile: string
  readonly helm: string
  readonly data: EmulatorData
}

/**
 * Installs the chart with the emulator as its cloud. Secret sync is enabled for all accounts that the vault data lets sign in,
 * and their namespaces are created. Resolves when annotated pods are admitted.
 */
export async function installByHelm(
  cluster: Cluster,
  azure: Cloud,
  options: InstallByHelmOptions,
): Promise<void> {
  const { kubeconfigFile, helm, data } = options
  const namespaces = accountsByNamespace(data)
  for (const name of namespaces.keys())
    expectSuccess(await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }))
  const cloud = {
    name: 'custom',
    authorityHost: azure.url,
    vaultUrl: `${azure.url}/{vault}`,
    ca: azure.caPem,
  }
  helmUpgrade(
    { cloud, tenantId: data.tenantId, sync: { enabled: true } },
    {
      env: { ...process.env, HELM: helm, KUBECONFIG: kubeconfigFile },
      args: ['--create-namespace'],
    },
  )
  for (const [namespace, accounts] of namespaces)
    for (const object of teamRoles(namespace, accounts)) expectSuccess(await cluster.apply(object))
  await untilCalled(cluster, installTimeoutMs)
}

/** Returns the accounts to enable, without those of the system and of the controller's own namespace. */
export function accountsByNamespace({
  identities,
}: EmulatorData): ReadonlyMap<string, readonly string[]> {
  const accounts = identities
    .flatMap(({ federatedCredentials }) => federatedCredentials)
    .flatMap(({ subject }) => {
      const [, namespace = '', name = ''] = subjectPattern.exec(subject) ?? []
      return namespace === '' || refused.test(namespace) ? [] : [{ namespace, name }]
    })
  const byNamespace = Map.groupBy(accounts, ({ namespace }) => namespace)
  return new Map(
    [...byNamespace].map(([namespace, members]) => [
      namespace,
      [...new Set(members.map(({ name }) => name))],
    ]),
  )
}

const subjectPattern =
  /^system:serviceaccount:([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?):([a-z0-9](?:[a-z0-9.-]{0,233}[a-z0-9])?)$/
const refused = /^(kube-system|kube-public|kube-node-lease|akv-injector)$/
