# Binds a managed identity to an AKS cluster. The provider azurerm has no such resource.

terraform {
  required_version = ">= 1.5"

  required_providers {
    azapi = {
      source  = "azure/azapi"
      version = ">= 2.0, < 3.0"
    }
  }
}

variable "name" {
  description = "The name of the identity binding."
  type        = string
}

variable "cluster_id" {
  description = "The AKS cluster, such as azurerm_kubernetes_cluster.example.id."
  type        = string
}

variable "identity_id" {
  description = "The managed identity, such as the output identity_id of the module above."
  type        = string
}

resource "azapi_resource" "this" {
  type      = "Microsoft.ContainerService/managedClusters/identityBindings@2026-04-01"
  name      = var.name
  parent_id = var.cluster_id

  body = {
    properties = {
      managedIdentity = { resourceId = var.identity_id }
    }
  }
}
