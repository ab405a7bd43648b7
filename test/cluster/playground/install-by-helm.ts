import type { EmulatorData } from '../../../emulator/data/data.ts'
import type { KubeObject } from '../client/api.ts'
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
  /** The domain of the vaults' names. */
  readonly vaultDomain: string
}

/**
 * Installs the chart with the emulator as its cloud, and creates all accounts that the vault data lets sign in, with their
 * namespaces. Secret sync is enabled for them. Resolves when annotated pods are admitted.
 */
export async function installByHelm(
  cluster: Cluster,
  azure: Cloud,
  options: InstallByHelmOptions,
): Promise<void> {
  const { kubeconfigFile, helm, data, vaultDomain } = options
  const accounts = accountsOf(data)
  const byNamespace = Map.groupBy(accounts, ({ metadata }) => metadata.namespace ?? '')
  for (const name of byNamespace.keys())
    expectSuccess(await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }))
  for (const object of accounts) expectSuccess(await cluster.apply(object))
  const cloud = {
    name: 'custom',
    authorityHost: azure.url,
    vaultUrl: `https://{vault}.${vaultDomain}`,
    ca: azure.caPem,
  }
  helmUpgrade(
    {
      cloud,
      tenantId: data.tenantId,
      sync: { enabled: true, classes: true, externalSecrets: true },
    },
    {
      env: { ...process.env, HELM: helm, KUBECONFIG: kubeconfigFile },
      args: ['--create-namespace'],
    },
  )
  for (const [namespace, some] of byNamespace) {
    const names = some.flatMap(({ metadata }) => metadata.name ?? [])
    for (const object of teamRoles(namespace, names)) expectSuccess(await cluster.apply(object))
  }
  await untilCalled(cluster, installTimeoutMs)
}

/** Returns the accounts that may sign in, without those of the system and of the controller's own namespace. */
export function accountsOf({ identities }: EmulatorData): readonly KubeObject[] {
  const accounts = identities.flatMap(({ clientId, federatedCredentials }) =>
    federatedCredentials.flatMap(({ subject }) => {
      const [, namespace = '', name = ''] = subjectPattern.exec(subject) ?? []
      return namespace === '' || refused.test(namespace) ? [] : [account(namespace, name, clientId)]
    }),
  )
  const byName = Map.groupBy(accounts, ({ metadata }) => `${metadata.namespace}/${metadata.name}`)
  return [...byName.values()].flatMap(([first]) => first ?? [])
}

function account(namespace: string, name: string, clientId: string): KubeObject {
  const annotations = { 'azure.workload.identity/client-id': clientId }
  const object = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace, annotations },
  }
  // As kubectl would create it, or it warns of each account that is applied again.
  const applied = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(object) }
  return { ...object, metadata: { name, namespace, annotations: { ...annotations, ...applied } } }
}

const subjectPattern =
  /^system:serviceaccount:([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?):([a-z0-9](?:[a-z0-9.-]{0,233}[a-z0-9])?)$/
const refused = /^(kube-system|kube-public|kube-node-lease|akv-injector)$/
