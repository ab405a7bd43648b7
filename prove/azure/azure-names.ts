import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { AccountName } from '../plan/facts.ts'
import type { AksCluster, AzureAccount } from './account.ts'

type Group = Pick<AzureAccount, 'subscriptionId' | 'resourceGroup'>

/** Vault names are unique in all of Azure, so each resource group has its own. */
export const vaultNameOf = ({ subscriptionId, resourceGroup }: Group): string =>
  `akv-prove-${digestOf(subscriptionId, resourceGroup).slice(0, 12)}`

export const vaultIdOf = ({ subscriptionId, resourceGroup }: Group, vaultName: string): string =>
  `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.KeyVault/vaults/${vaultName}`

export const identityNameOf = (account: AccountName): string => `akv-injector-prove-${account}`

export const identityIdOf = ({ subscriptionId, resourceGroup }: Group, name: string): string =>
  `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`

export const clusterIdOf = (
  { subscriptionId }: Pick<AzureAccount, 'subscriptionId'>,
  { name, resourceGroup }: AksCluster,
): string =>
  `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.ContainerService/managedClusters/${name}`

/** A file or a folder of the modules that users have. In the package, this is two folders below the root, too. */
export const modulePath = (name: string): string =>
  fileURLToPath(new URL(`../../manifests/azure/${name}`, import.meta.url))

/** The name of a role assignment is a UUID. The same one each time makes a second assignment the first one. */
export function assignmentName(scope: string, principalId: string, roleId: string): string {
  const hex = digestOf(scope, principalId, roleId)
  // The version and the variant of a UUID whose maker chooses the bits (RFC 9562, section 5.8).
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
  ]
  return [...parts, hex.slice(20, 32)].join('-')
}

/** Azure's names and IDs ignore case. */
const digestOf = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts).toLowerCase()).digest('hex')
