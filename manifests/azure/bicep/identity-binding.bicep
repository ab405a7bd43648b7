// Binds an identity to an AKS cluster, which can be in another resource group.
targetScope = 'resourceGroup'

param clusterName string
param name string

@description('The resource ID of the managed identity.')
param identityId string

resource cluster 'Microsoft.ContainerService/managedClusters@2025-10-01' existing = {
  name: clusterName
}

resource binding 'Microsoft.ContainerService/managedClusters/identityBindings@2026-04-01' = {
  parent: cluster
  name: name
  properties: {
    managedIdentity: {
      resourceId: identityId
    }
  }
}
