// The roles of an identity on a vault, which can be in another resource group than the identity.
targetScope = 'resourceGroup'

param vaultName string
param principalId string

@allowed(['secret', 'cert', 'key'])
param objectTypes array

var roles = {
  // Key Vault Secrets User
  secret: '4633458b-17de-408a-b874-0445c86b69e6'
  // Key Vault Certificate User
  cert: 'db79e9a7-68ee-4b58-9aeb-b90e7c24fcba'
  // Key Vault Crypto User
  key: '12338af0-0e69-4776-bea7-57ae8d297424'
}

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = {
  name: vaultName
}

resource assignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for objectType in objectTypes: {
    name: guid(vault.id, principalId, roles[objectType])
    scope: vault
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[objectType])
      principalId: principalId
      // Without the type, the assignment can fail because Entra doesn't know the new identity yet.
      principalType: 'ServicePrincipal'
    }
  }
]
