import { mark, namespaceName } from '../plan/facts.ts'
import type { Resource } from '../plan/resource.ts'
import type { AksCluster, AzureAccount } from './account.ts'
import { azCall, inSubscription } from './az-calls.ts'
import { identityIdOf, identityNameOf } from './azure-names.ts'

const account = 'loose'
const name = 'akv-injector-prove'
const metadata = { name, labels: { [mark[0]]: mark[1] } }

/**
 * The identity binding, and the right of an account to use it. Its identity has no federated credential, so whoever signs in as it does
 * so by the binding.
 *
 * https://learn.microsoft.com/azure/aks/identity-bindings-concepts
 */
export const bindingResources = (azure: AzureAccount, aks: AksCluster): readonly Resource[] => [
  binding(azure, aks),
  clusterRole,
]

function binding(azure: AzureAccount, aks: AksCluster): Resource {
  const identityId = identityIdOf(azure, identityNameOf(account))
  const inCluster = [
    ...['--cluster-name', aks.name, '--resource-group', aks.resourceGroup],
    ...inSubscription(azure),
  ]
  const call = (verb: string, ...args: readonly string[]) =>
    azCall('aks', 'identity-binding', verb, ...args, ...inCluster)
  return {
    kind: 'identity-binding',
    name,
    sentence: `an identity binding ${name} of ${identityNameOf(account)} in the AKS cluster ${aks.name} of the resource group ${aks.resourceGroup}`,
    make: [{ call: call('create', '--name', name, '--managed-identity-resource-id', identityId) }],
    find: {
      by: 'list',
      call: call('list'),
      // It has no tags.
      mark: { at: ['properties', 'managedIdentity'], key: 'resourceId', value: identityId },
    },
    remove: [call('delete', '--name', name, '--yes')],
  }
}

const clusterRole: Resource = {
  kind: 'cluster-role',
  name,
  sentence: `a ClusterRole and a ClusterRoleBinding ${name}, by which one of the ServiceAccounts may use the binding`,
  make: [
    {
      call: ({ clientIds }) => ({
        tool: 'kubectl',
        args: ['create', '--request-timeout=60s'],
        objects: [
          {
            apiVersion: 'rbac.authorization.k8s.io/v1',
            kind: 'ClusterRole',
            metadata,
            rules: [
              {
                apiGroups: ['cid.wi.aks.azure.com'],
                resources: [clientIds[account] ?? ''],
                verbs: ['use-managed-identity'],
              },
            ],
          },
          {
            apiVersion: 'rbac.authorization.k8s.io/v1',
            kind: 'ClusterRoleBinding',
            metadata,
            roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
            subjects: [{ kind: 'ServiceAccount', name: account, namespace: namespaceName }],
          },
        ],
      }),
    },
  ],
  find: {
    by: 'object',
    call: {
      tool: 'kubectl',
      args: ['get', 'clusterrole', name, '--ignore-not-found', '--output=json'],
    },
    mark: { at: ['metadata', 'labels'], key: mark[0], value: mark[1] },
  },
  // The role, which is what is looked for, comes last.
  remove: [
    {
      tool: 'kubectl',
      // By its label: somebody else may have one of this name.
      args: ['delete', 'clusterrolebinding', `--selector=${mark.join('=')}`, '--timeout=60s'],
    },
    {
      tool: 'kubectl',
      args: ['delete', `clusterrole/${name}`, '--ignore-not-found', '--timeout=60s'],
    },
  ],
}
