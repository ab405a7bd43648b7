import { clusterObject } from '../plan/cluster-object.ts'
import { namespaceName } from '../plan/facts.ts'
import type { Resource } from '../plan/resource.ts'
import type { AksCluster, AzureAccount } from './account.ts'
import { azCall, inSubscription } from './az-calls.ts'
import { identityIdOf, identityNameOf } from './azure-names.ts'

const account = 'loose'
const name = 'akv-injector-prove'

/**
 * The identity binding, and the right of an account to use it. Its identity has no federated credential, so whoever signs in as it does
 * so by the binding.
 *
 * https://learn.microsoft.com/azure/aks/identity-bindings-concepts
 */
export const bindingResources = (azure: AzureAccount, aks: AksCluster): readonly Resource[] => [
  binding(azure, aks),
  clusterRole,
  clusterRoleBinding,
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
      mark: {
        at: ['properties', 'managedIdentity'],
        ...{ key: 'resourceId', value: identityId, isId: true },
      },
    },
    remove: [call('delete', '--name', name, '--yes')],
  }
}

const group = 'rbac.authorization.k8s.io'

const clusterRole = clusterObject({
  ...{ kind: 'cluster-role', name, type: 'clusterrole' },
  sentence: `a ClusterRole ${name}, which lets an account use the binding`,
  objectOf: ({ clientIds }) => ({
    apiVersion: `${group}/v1`,
    kind: 'ClusterRole',
    rules: [
      {
        apiGroups: ['cid.wi.aks.azure.com'],
        resources: [clientIds[account] ?? ''],
        verbs: ['use-managed-identity'],
      },
    ],
  }),
})

const clusterRoleBinding = clusterObject({
  ...{ kind: 'cluster-role-binding', name, type: 'clusterrolebinding' },
  sentence: `a ClusterRoleBinding ${name}, which gives it to one of the ServiceAccounts`,
  objectOf: () => ({
    apiVersion: `${group}/v1`,
    kind: 'ClusterRoleBinding',
    roleRef: { apiGroup: group, kind: 'ClusterRole', name },
    subjects: [{ kind: 'ServiceAccount', name: account, namespace: namespaceName }],
  }),
})
