// The identity of a workload that reads a key vault: a managed identity, a federated credential for each of its
// ServiceAccounts or an identity binding, and roles on the vault. The AKS cluster and the vault already exist. docs/aks.md has the commands.
targetScope = 'resourceGroup'

@description('The name of the managed identity, which is created in the resource group of the deployment.')
param identityName string

param location string = resourceGroup().location

@description('The tags of the managed identity.')
param tags object = {}

@description('The AKS cluster, with the OIDC issuer and workload identity turned on.')
param clusterName string
param clusterResourceGroup string = resourceGroup().name

@description('The key vault. It must use Azure RBAC, not access policies.')
param vaultName string
param vaultResourceGroup string = resourceGroup().name

@description('The ServiceAccounts that may sign in as the identity with a federated credential: a list of namespace and name. Entra accepts 20 for one identity.')
@maxLength(20)
param serviceAccounts array = []

@description('Binds the identity to the cluster, for ServiceAccounts that sign in by an identity binding. The cluster decides with its RBAC which ones may (akv-injector identity).')
param bindIdentity bool = false

@description('The kinds of objects that the pods read: secret for all entries without a type, tls/ and pfx/; cert for cert/; key for key/.')
@allowed(['secret', 'cert', 'key'])
param objectTypes array = ['secret']

var audience = 'api://AzureADTokenExchange'

resource cluster 'Microsoft.ContainerService/managedClusters@2025-10-01' existing = {
  name: clusterName
  scope: resourceGroup(clusterResourceGroup)
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: identityName
  location: location
  tags: tags
}

// One after the other: Entra answers 409 if one identity gets several credentials at the same time.
@batchSize(1)
resource credentials 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2024-11-30' = [
  for account in serviceAccounts: {
    parent: identity
    // The same ServiceAccount of another cluster needs another name.
    name: '${take(replace(account.name, '.', '-'), 100)}-${uniqueString(cluster.id, account.namespace, account.name)}'
    properties: {
      issuer: cluster.properties.oidcIssuerProfile.issuerURL
      subject: 'system:serviceaccount:${account.namespace}:${account.name}'
      audiences: [audience]
    }
  }
]

module binding 'identity-binding.bicep' = if (bindIdentity) {
  name: '${deployment().name}-binding'
  scope: resourceGroup(clusterResourceGroup)
  params: {
    clusterName: clusterName
    name: identityName
    identityId: identity.id
  }
}

module roles 'vault-roles.bicep' = {
  name: '${deployment().name}-roles'
  scope: resourceGroup(vaultResourceGroup)
  params: {
    vaultName: vaultName
    principalId: identity.properties.principalId
    objectTypes: objectTypes
  }
}

@description('For the annotation azure.workload.identity/client-id of the ServiceAccounts.')
output clientId string = identity.properties.clientId

@description('For the chart\'s value tenantId.')
output tenantId string = identity.properties.tenantId
