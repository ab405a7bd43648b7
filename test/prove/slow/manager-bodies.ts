import { type JsonObject, objectAt, scalarText } from '../../../lib/shape.ts'
import { fakeAccount, type newIdentity, type newVault } from '../support/azure-world.ts'

const { subscriptionId, tenantId, location, resourceGroup } = fakeAccount

export const tagsOf = (body: JsonObject) =>
  objectAt(body, 'tags') as Readonly<Record<string, string>>

export const credentialOf = (body: JsonObject) => {
  const { issuer, subject, audiences } = objectAt(body, 'properties')
  return {
    issuer: scalarText(issuer),
    subject: scalarText(subject),
    audiences: Array.isArray(audiences) ? audiences : [],
  }
}
export const assignmentOf = (body: JsonObject) => {
  const { principalId, principalType, roleDefinitionId } = objectAt(body, 'properties')
  return {
    roleId: scalarText(roleDefinitionId).split('/').at(-1) ?? '',
    principalId: scalarText(principalId),
    principalType: scalarText(principalType),
  }
}

/** The ID of the resource group. */
export const inGroup = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`
export const identityBody = (
  name: string,
  { tags, clientId, principalId }: ReturnType<typeof newIdentity>,
) => ({
  id: `${inGroup}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`,
  ...{ name, location, tags, type: 'Microsoft.ManagedIdentity/userAssignedIdentities' },
  properties: { tenantId, clientId, principalId },
})
export const bindingBody = ([name, resourceId]: readonly [string, string]) => ({
  ...{ id: `/subscriptions/${subscriptionId}/x/${name}`, name },
  properties: { managedIdentity: { resourceId }, provisioningState: 'Succeeded' },
})
export const vaultId = (name: string) => `${inGroup}/providers/Microsoft.KeyVault/vaults/${name}`
export const vaultBody = (name: string, { tags }: ReturnType<typeof newVault>) => ({
  ...{ id: vaultId(name), name, location, tags, type: 'Microsoft.KeyVault/vaults' },
  properties: {
    ...{ tenantId, sku: { family: 'A', name: 'standard' }, accessPolicies: [] },
    ...{ vaultUri: `https://${name}.vault.azure.net/`, provisioningState: 'Succeeded' },
    ...{ enableRbacAuthorization: true, enableSoftDelete: true, softDeleteRetentionInDays: 7 },
  },
})
export const deletedBody = (name: string, { tags, location }: ReturnType<typeof newVault>) => ({
  id: `/subscriptions/${subscriptionId}/providers/Microsoft.KeyVault/locations/${location}/deletedVaults/${name}`,
  ...{ name, type: 'Microsoft.KeyVault/deletedVaults' },
  properties: { vaultId: vaultId(name), location, tags },
})

export const subscriptionBody = {
  ...{ id: `/subscriptions/${subscriptionId}`, subscriptionId, tenantId, displayName: 'proof' },
  ...{ state: 'Enabled', homeTenantId: tenantId, managedByTenants: [] },
}
