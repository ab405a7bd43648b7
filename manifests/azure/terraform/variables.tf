variable "name" {
  description = "The name of the managed identity."
  type        = string
}

variable "resource_group_name" {
  description = "The resource group of the managed identity."
  type        = string
}

variable "location" {
  description = "The region of the managed identity."
  type        = string
}

variable "tags" {
  description = "The tags of the managed identity."
  type        = map(string)
  default     = {}
}

variable "oidc_issuer_url" {
  description = "The OIDC issuer of the AKS cluster, such as azurerm_kubernetes_cluster.example.oidc_issuer_url."
  type        = string
}

variable "service_accounts" {
  description = "The ServiceAccounts that may sign in as the identity with a federated credential. Entra accepts 20 for one identity. With the module identity-binding, none is needed."
  type        = set(object({ namespace = string, name = string }))
  default     = []

  validation {
    condition     = length(var.service_accounts) <= 20
    error_message = "Entra accepts at most 20 federated credentials for one identity. Create another identity for the other ServiceAccounts."
  }
}

variable "key_vault_ids" {
  description = "The vaults that the pods read, by a name of your choice. They must use Azure RBAC, not access policies."
  type        = map(string)
}

variable "object_types" {
  description = "The kinds of objects that the pods read: secret for all entries without a type, tls/ and pfx/; cert for cert/; key for key/."
  type        = set(string)
  default     = ["secret"]

  validation {
    condition     = alltrue([for one in var.object_types : contains(["secret", "cert", "key"], one)])
    error_message = "Accepted: secret, cert, key."
  }
}
