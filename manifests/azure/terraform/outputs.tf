output "client_id" {
  description = "For the annotation azure.workload.identity/client-id of the ServiceAccounts."
  value       = azurerm_user_assigned_identity.this.client_id
}

output "tenant_id" {
  description = "For the chart's value tenantId."
  value       = azurerm_user_assigned_identity.this.tenant_id
}

output "identity_id" {
  description = "For the module identity-binding."
  value       = azurerm_user_assigned_identity.this.id
}
