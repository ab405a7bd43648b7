// The roles of an identity on a vault, which can be in another resource group than the identity.
targetScope = 'resourceGroup'

param vaultName string
param principalId string

@allowed(['secret', 'cert', 'key'])
param objectTypes array

// The narrowest roles, as in lib/azure/narrowest-grants.ts. Azure accepts a role only once for each vault.
var roles = [
  // Key Vault Secrets User
  { objectTypes: ['secret'], id: '4633458b-17de-408a-b874-0445c86b69e6' }
  // Key Vault Reader
  { objectTypes: ['cert', 'key'], id: '21090545-7ca7-4776-b22c-e363652d74d2' }
]

var neededRoles = filter(roles, role => length(intersection(role.objectTypes, objectTypes)) > 0)

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = {
  name: vaultName
}

resource assignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in neededRoles: {
    name: guid(vault.id, principalId, role.id)
    scope: vault
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.id)
      principalId: principalId
      // Without the type, the assignment can fail because Entra doesn't know the new identity yet.
      principalType: 'ServicePrincipal'
    }
  }
]
