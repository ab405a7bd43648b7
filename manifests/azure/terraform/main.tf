# The identity of a workload that reads key vaults: a managed identity, a federated credential for each of its
# ServiceAccounts, and roles on the vaults. The AKS cluster and the vaults already exist. docs/aks.md has an example.

terraform {
  required_version = ">= 1.5"

  required_providers {
    azurerm = {
      source = "hashicorp/azurerm"
      # user_assigned_identity_id replaced parent_id.
      version = ">= 5.0, < 6.0"
    }
  }
}

locals {
  # The narrowest roles, as in lib/azure/narrowest-grants.ts. Azure accepts a role only once for each vault.
  roles = {
    secret = { name = "Key Vault Secrets User", object_types = ["secret"] }
    public = { name = "Key Vault Reader", object_types = ["cert", "key"] }
  }

  needed_roles = {
    for name, role in local.roles : name => role.name
    if length(setintersection(role.object_types, var.object_types)) > 0
  }

  service_accounts = { for account in var.service_accounts : "${account.namespace}_${account.name}" => account }

  assignments = {
    for pair in setproduct(keys(var.key_vault_ids), keys(local.needed_roles)) :
    "${pair[0]}_${pair[1]}" => { scope = var.key_vault_ids[pair[0]], role = local.needed_roles[pair[1]] }
  }
}

resource "azurerm_user_assigned_identity" "this" {
  name                = var.name
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags
}

resource "azurerm_federated_identity_credential" "this" {
  for_each = local.service_accounts

  # The same ServiceAccount of another cluster needs another name.
  name                      = "${substr(replace(each.key, ".", "-"), 0, 100)}-${substr(sha256("${var.oidc_issuer_url} ${each.key}"), 0, 8)}"
  user_assigned_identity_id = azurerm_user_assigned_identity.this.id
  issuer                    = var.oidc_issuer_url
  subject                   = "system:serviceaccount:${each.value.namespace}:${each.value.name}"
  audience                  = ["api://AzureADTokenExchange"]
}

resource "azurerm_role_assignment" "this" {
  for_each = local.assignments

  scope                = each.value.scope
  role_definition_name = each.value.role
  principal_id         = azurerm_user_assigned_identity.this.principal_id
  principal_type       = "ServicePrincipal"
}
