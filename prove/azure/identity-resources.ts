import { tokenAudience } from '../../lib/azure/token-audience.ts'
import type { JsonObject } from '../../lib/shape.ts'
import { clusterObject } from '../plan/cluster-object.ts'
import { type AccountName, accountNames, namespaceName } from '../plan/facts.ts'
import type { MakeStep, Resource } from '../plan/resource.ts'
import type { AksCluster, AzureAccount } from './account.ts'
import { azCall, azureMark, inGroup, inSubscription, markTags } from './az-calls.ts'
import { identityIdOf, identityNameOf } from './azure-names.ts'

/** Signs in by the identity binding: its identity has no federated credential. */
export const boundAccount: AccountName = 'loose'

/** The identities and their federated credentials, and the identity binding if there is a cluster for it. */
export const identityResources = (account: AzureAccount): readonly Resource[] => [
  ...accountNames.map((name) => ({
    ...identityResource(account, name),
    make: makeIdentity(account, name),
  })),
  ...(account.aks === undefined
    ? []
    : [
        {
          ...bindingResource(account, account.aks),
          make: [{ call: createBinding(account, account.aks) }],
        },
      ]),
]

/** An identity that a module makes, and what is bound to it. */
export const identityParts = (account: AzureAccount, name: AccountName): readonly Resource[] => [
  identityResource(account, name),
  ...(account.aks === undefined || name !== boundAccount
    ? []
    : [bindingResource(account, account.aks)]),
]

function identityResource(account: AzureAccount, accountName: AccountName): Resource {
  const name = identityNameOf(accountName)
  const group = inGroup(account)
  return {
    kind: 'managed-identity',
    name,
    sentence: `a managed identity ${name}${accountName === boundAccount ? ', which has no federated credential' : ''}`,
    make: [],
    find: { by: 'list', call: azCall('identity', 'list', ...group), mark: azureMark },
    remove: [azCall('identity', 'delete', '--name', name, ...group)],
  }
}

function makeIdentity(account: AzureAccount, accountName: AccountName): readonly MakeStep[] {
  const name = identityNameOf(accountName)
  const group = inGroup(account)
  const create = azCall(
    ...['identity', 'create', '--name', name, '--location', account.location],
    ...markTags,
    ...group,
  )
  const federate = azCall(
    ...['identity', 'federated-credential', 'create', '--name', 'akv-injector-prove'],
    ...['--identity-name', name, '--issuer', account.issuer, '--audiences', tokenAudience],
    ...['--subject', `system:serviceaccount:${namespaceName}:${accountName}`, ...group],
  )
  return [
    { call: create, learn: { of: 'identity', account: accountName } },
    // Azure refuses two federated credentials at the same time.
    ...(accountName === boundAccount ? [] : [{ call: federate }]),
  ]
}

/** Bicep gives it the name of the identity, so the other ways do so, too. */
const bindingName = identityNameOf(boundAccount)

const bindingCall = (
  azure: AzureAccount,
  aks: AksCluster,
  verb: string,
  ...args: readonly string[]
) =>
  azCall(
    ...['aks', 'identity-binding', verb, ...args],
    ...['--cluster-name', aks.name, '--resource-group', aks.resourceGroup],
    ...inSubscription(azure),
  )

const createBinding = (azure: AzureAccount, aks: AksCluster) =>
  bindingCall(
    ...([azure, aks, 'create', '--name', bindingName, '--managed-identity-resource-id'] as const),
    identityIdOf(azure, bindingName),
  )

/** https://learn.microsoft.com/azure/aks/identity-bindings-concepts */
const bindingResource = (azure: AzureAccount, aks: AksCluster): Resource => ({
  kind: 'identity-binding',
  name: bindingName,
  sentence: `an identity binding ${bindingName} of this identity in the AKS cluster ${aks.name} of the resource group ${aks.resourceGroup}`,
  make: [],
  find: {
    by: 'list',
    call: bindingCall(azure, aks, 'list'),
    // It has no tags.
    mark: {
      at: ['properties', 'managedIdentity'],
      ...{ key: 'resourceId', value: identityIdOf(azure, bindingName), isId: true },
    },
  },
  remove: [bindingCall(azure, aks, 'delete', '--name', bindingName, '--yes')],
})

/** What the pods of each account read, in the words of both modules. */
const objectTypes: Readonly<Record<AccountName, readonly string[]>> = {
  reader: ['secret', 'cert', 'key'],
  stranger: [],
  loose: [],
  sync: ['secret'],
}

interface ModuleValues {
  readonly serviceAccounts: readonly JsonObject[]
  readonly objectTypes: readonly string[]
  readonly tags: JsonObject
}

/** What both modules are given for the identity of an account. */
export const moduleValues = (account: AccountName): ModuleValues => ({
  serviceAccounts: account === boundAccount ? [] : [{ namespace: namespaceName, name: account }],
  objectTypes: objectTypes[account],
  tags: { [azureMark.key]: azureMark.value },
})

const group = 'rbac.authorization.k8s.io'
const roleName = 'akv-injector-prove'

/** The right of an account to use the binding. */
export const bindingRights: readonly Resource[] = [
  clusterObject({
    ...{ kind: 'cluster-role', name: roleName, type: 'clusterrole' },
    sentence: `a ClusterRole ${roleName}, which lets an account use the binding`,
    objectOf: ({ clientIds }) => ({
      apiVersion: `${group}/v1`,
      kind: 'ClusterRole',
      rules: [
        {
          apiGroups: ['cid.wi.aks.azure.com'],
          resources: [clientIds[boundAccount] ?? ''],
          verbs: ['use-managed-identity'],
        },
      ],
    }),
  }),
  clusterObject({
    ...{ kind: 'cluster-role-binding', name: roleName, type: 'clusterrolebinding' },
    sentence: `a ClusterRoleBinding ${roleName}, which gives it to one of the ServiceAccounts`,
    objectOf: () => ({
      apiVersion: `${group}/v1`,
      kind: 'ClusterRoleBinding',
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: roleName },
      subjects: [{ kind: 'ServiceAccount', name: boundAccount, namespace: namespaceName }],
    }),
  }),
]
