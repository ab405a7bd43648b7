import { isObject, objectsAt } from '../../lib/shape.ts'
import { matchesAction } from '../../repository/identity/verify/match-actions.ts'
import { jsonOf } from '../tools/json-of.ts'
import type { Tools } from '../tools/tools.ts'
import type { AzureAccount, ModuleKind } from './account.ts'
import { azCall, inSubscription } from './az-calls.ts'

/** What a run does in the resource group. */
const always = [
  'Microsoft.ManagedIdentity/userAssignedIdentities/read',
  'Microsoft.ManagedIdentity/userAssignedIdentities/write',
  'Microsoft.ManagedIdentity/userAssignedIdentities/delete',
  'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write',
  'Microsoft.KeyVault/vaults/read',
  'Microsoft.KeyVault/vaults/write',
  'Microsoft.KeyVault/vaults/delete',
  'Microsoft.Authorization/roleAssignments/write',
] as const

/** What the modules do besides. */
const byModules: Readonly<Record<ModuleKind, readonly string[]>> = {
  bicep: [
    'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read',
    'Microsoft.Resources/deployments/read',
    'Microsoft.Resources/deployments/write',
    'Microsoft.Resources/deployments/delete',
    'Microsoft.Resources/deployments/cancel/action',
    'Microsoft.Resources/deployments/validate/action',
    'Microsoft.Resources/deployments/operationStatuses/read',
  ],
  terraform: [
    'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read',
    'Microsoft.Authorization/roleAssignments/read',
    'Microsoft.Authorization/roleDefinitions/read',
  ],
}

const inGroupActions = ({ modules }: Pick<AzureAccount, 'modules'>): readonly string[] => [
  ...always,
  ...(modules === undefined ? [] : byModules[modules]),
]

/** What it does in the subscription. Azure has no documented way to ask for that in advance. */
const inSubscriptionActions = [
  'Microsoft.KeyVault/deletedVaults/read',
  'Microsoft.KeyVault/locations/deletedVaults/read',
  'Microsoft.KeyVault/locations/deletedVaults/purge/action',
] as const

/** What it does to the cluster. */
const inClusterActions = [
  'Microsoft.ContainerService/managedClusters/identityBindings/read',
  'Microsoft.ContainerService/managedClusters/identityBindings/write',
  'Microsoft.ContainerService/managedClusters/identityBindings/delete',
] as const

/** main.bicep reads the cluster's issuer, and makes the binding by a deployment in the cluster's resource group. */
const inClusterByBicep = [
  'Microsoft.ContainerService/managedClusters/read',
  'Microsoft.Resources/deployments/read, write and delete in its resource group',
] as const

const describeAksRights = ({ aks, modules }: Rights): readonly string[] =>
  aks === undefined
    ? []
    : [
        `It needs these rights on the AKS cluster ${aks.name}, which it doesn’t check, and in the cluster the right to read, create and delete ClusterRoles and ClusterRoleBindings:`,
        ...[...inClusterActions, ...(modules === 'bicep' ? inClusterByBicep : [])].map(
          (action) => `- ${action}`,
        ),
      ]

type Rights = Pick<AzureAccount, 'aks' | 'modules'>

/** @param missing - in the resource group. Undefined if Azure doesn't say */
export function describeAzureRights(
  missing: readonly string[] | undefined,
  account: Rights,
): readonly string[] {
  const end = (action: string) => (missing?.includes(action) ? ': you don’t have it' : '')
  return [
    'It needs these rights in the resource group. Contributor and Role Based Access Control Administrator together have them:',
    ...inGroupActions(account).map((action) => `- ${action}${end(action)}`),
    missing === undefined ? 'Azure doesn’t say whether you have them.' : '',
    'It needs these rights in the subscription, which can’t be checked in advance:',
    ...inSubscriptionActions.map((action) => `- ${action}`),
    ...describeAksRights(account),
    'Without the right to purge, or if a policy enforces purge protection, the deleted vault keeps its name for 7 to 90 days.',
  ].filter((line) => line !== '')
}

/**
 * Asks Azure which of these rights the caller doesn't have in the resource group. Undefined if Azure doesn't say.
 *
 * https://learn.microsoft.com/rest/api/authorization/permissions/list-for-resource-group
 */
export async function findMissingRights(
  tools: Tools,
  account: AzureAccount,
): Promise<readonly string[] | undefined> {
  const { subscriptionId, resourceGroup } = account
  const { code, stdout } = await tools.run(
    azCall(
      ...['rest', '--method', 'get', '--url'],
      `/subscriptions/${subscriptionId}/resourcegroups/${encodeURIComponent(resourceGroup)}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01`,
      ...inSubscription(account),
    ),
  )
  const answer = code === 0 ? jsonOf(stdout) : undefined
  // A further page could have the right.
  if (
    !isObject(answer) ||
    !Array.isArray(answer['value']) ||
    typeof answer['nextLink'] === 'string'
  )
    return undefined
  const permissions = objectsAt(answer, 'value')
  return inGroupActions(account).filter(
    (action) =>
      !permissions.some(
        ({ actions, notActions }) => matches(actions, action) && !matches(notActions, action),
      ),
  )
}

const matches = (patterns: unknown, action: string): boolean =>
  Array.isArray(patterns) &&
  patterns.some((pattern) => typeof pattern === 'string' && matchesAction(pattern, action))
